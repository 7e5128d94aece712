"""Pace at a set heart rate and maximal oxygen uptake, over time."""
