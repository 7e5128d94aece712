"""Inspection of a source: what it holds and how much of it a dataset can use."""
