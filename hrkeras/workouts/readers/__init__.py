"""Readers that turn the files of any source into workouts."""
