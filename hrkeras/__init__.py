"""Heart rate of a run from its speed and altitude, with Keras 3."""

__version__ = "0.1.0"
