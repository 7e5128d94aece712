"""The `tracks` dataset; importing this makes `tfds.load("tracks")` find it."""

from hrkeras.datasets.tracks.tracks import Tracks

__all__ = ["Tracks"]
