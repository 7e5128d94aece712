"""A recorded run: read it, judge it, put it on a grid. NumPy only; nothing here imports Keras."""
