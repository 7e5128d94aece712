"""Put a model on the Hugging Face hub, with its model card as the page that people see there."""

import json
import tempfile
from os import PathLike
from pathlib import Path

import keras

from hrkeras.evaluation.evaluation import Evaluation
from hrkeras.models import hub
from hrkeras.training import fit, model_card
from hrkeras.training.train import History
from hrkeras.utils.errors import InputError, expect
from hrkeras.utils.files import open_regular, own_folder

USE = """
## Load it

```python
import hrkeras

model = hrkeras.load("hf://{name}")
prediction = hrkeras.predict(model, hrkeras.read("run.gpx")[0])
```
"""


def save_to_hub(
    model: keras.Model,
    name: str,
    card: History | str | PathLike[str] | None = None,
    *,
    scores: Evaluation | None = None,
    license: str | None = None,
    private: bool = True,
) -> str:
    """Uploads a model with its model card as README.md. It holds weights and aggregates over people, and no run of anyone.

    `huggingface_hub` does it, with the login of `hf auth login`.

    Args:
        model: from `train` or `load`.
        name: USER/MODEL; a model that is there gets the new files.
        card: the history that `train` returned, or the Markdown file that `hrkeras train` wrote beside the model; if not
            given the page says only what the model is for.
        scores: from `evaluate`, to stand on the page with their baselines.
        license: of the weights, by its name on the hub, such as "apache-2.0"; the page names none if not given.
        private: whether a model that is new is for its owner alone, until made public on the hub.

    Returns:
        The address by which `load` finds it, `hf://USER/MODEL`.

    Raises:
        InputError: if `huggingface_hub` is not installed, the name is not USER/MODEL, the card cannot be read, or the hub
            refuses.

    Example:
        >>> import hrkeras
        >>> hrkeras.save_to_hub(hrkeras.load("model.keras"), "ada/runs", license="apache-2.0")
        'hf://ada/runs'
    """
    expect(model, keras.Model, "model")
    expect(name, str, "name")
    if scores is not None:
        expect(scores, Evaluation, "scores")
    title = name.rpartition("/")[2]
    if isinstance(card, History):
        text = model_card.text(title, model, card, card.settings, card.description)
    elif card is not None:
        with open_regular(Path(card)) as stream:
            content = stream.read()
        try:
            text = content.decode("utf-8")
        except UnicodeDecodeError:
            raise InputError(f"{card}: expected a model card, found a file that is not text.") from None
    else:
        text = model_card.about(title, model)
    if scores is not None:
        text += f"\n## Scores\n\n```\n{scores}\n```\n"
    with own_folder(Path(tempfile.gettempdir())) as place:
        folder = place / "model"
        folder.mkdir()
        fit.save(model, folder / f"{title}{hub.ENDING}")
        readme = front_matter(scored=scores is not None, license=license) + text + USE.format(name=name)
        (folder / "README.md").write_text(readme, encoding="utf-8")
        hub.upload(folder, name, private)
    return f"{hub.SCHEME}{name}"


def front_matter(*, scored: bool, license: str | None) -> str:
    """What the hub reads of a page to sort and find it: YAML between two lines of dashes."""
    values: dict[str, str | list[str]] = {"library_name": "keras", "tags": ["hrkeras", "heart-rate", "running", "time-series"]}
    if license:
        values["license"] = license
    if scored:
        values["metrics"] = ["mae", "rmse"]
    lines = [f"{key}: {json.dumps(value)}" for key, value in values.items()]  # JSON is YAML
    return "\n".join(["---", *lines, "---", "", ""])
