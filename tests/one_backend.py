"""Tests that take long and say the same of every backend."""

import keras
import pytest

ONE_BACKEND = pytest.mark.skipif(keras.backend.backend() != "torch", reason="one backend is enough")
