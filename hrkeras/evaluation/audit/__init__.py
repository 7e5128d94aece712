"""Checks for leakage: heart rate that is to be predicted must not reach the model that predicts it."""
