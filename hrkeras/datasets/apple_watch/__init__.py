"""The `apple_watch` dataset; importing this makes `tfds.load("apple_watch")` find it."""

from hrkeras.datasets.apple_watch.apple_watch import AppleWatch

__all__ = ["AppleWatch"]
