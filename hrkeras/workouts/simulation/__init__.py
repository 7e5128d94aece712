"""Simulated athletes and their runs, and the formats they are written in."""
