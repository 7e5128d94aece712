"""The `endomondo` dataset; importing this makes `tfds.load("endomondo")` find it."""

from hrkeras.datasets.endomondo.endomondo import Endomondo

__all__ = ["Endomondo"]
