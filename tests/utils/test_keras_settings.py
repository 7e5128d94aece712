"""Keras computes in single precision, whatever a keras.json says."""

import os
import subprocess
import sys

import keras
import pytest

from hrkeras.utils import keras_settings


@pytest.mark.parametrize("floatx", ["float64", "float16"])
def test_what_keras_json_says_does_not_count(floatx):
    before = keras.config.floatx(), keras.config.dtype_policy(), keras.config.epsilon(), keras.config.image_data_format()
    keras.config.set_floatx(floatx)
    keras.config.set_dtype_policy(floatx)
    keras.config.set_epsilon(1.0)
    keras.config.set_image_data_format("channels_first")
    keras_settings.apply()
    found = keras.config.floatx(), keras.config.dtype_policy().name, keras.config.epsilon(), keras.config.image_data_format()
    assert found == ("float32", "float32", 1e-7, "channels_last")
    assert before == (keras.config.floatx(), keras.config.dtype_policy(), keras.config.epsilon(), "channels_last")


@pytest.mark.parametrize(
    ("floatx", "start"), [("float99", "keras_settings.apply()"), ("bfloat16", "shared.start()")]
)  # TensorFlow, which reads the file too, knows fewer types than Keras
def test_a_keras_json_that_cannot_be_used_is_named(tmp_path, floatx, start):
    (tmp_path / "keras.json").write_text(f'{{"floatx": "{floatx}"}}')
    code = "from hrkeras.utils import keras_settings\nfrom hrkeras.cli import shared\n"
    code += f"try: {start}\nexcept Exception as error: print(type(error).__name__, error)"
    environment = os.environ | {"KERAS_HOME": str(tmp_path)}
    found = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True)
    assert found.stdout.startswith("InputError Keras cannot start (")
    assert found.stdout.rstrip().endswith(f"look at {tmp_path / 'keras.json'}, or delete it.")
