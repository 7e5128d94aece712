"""Scores of models beside their baselines, under named protocols."""
