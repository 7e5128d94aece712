"""Whether heart rate that shall be predicted has found its way into what predicts it."""
