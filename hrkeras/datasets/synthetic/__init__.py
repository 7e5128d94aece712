"""The `synthetic` dataset; importing this makes `tfds.load("synthetic")` find it."""

from hrkeras.datasets.synthetic.synthetic import Synthetic

__all__ = ["Synthetic"]
