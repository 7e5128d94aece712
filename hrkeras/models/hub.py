"""Models on the Hugging Face hub: the only place that speaks to it, through `huggingface_hub` where that is installed."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hrkeras.utils import telemetry
from hrkeras.utils.errors import InputError

SCHEME = "hf://"
ENDING = ".keras"


def download(address: str) -> Path:
    """Fetches the model file of an address, and no other, into the hub's cache.

    Args:
        address: `hf://USER/MODEL`, whose only .keras file is meant, or `hf://USER/MODEL/FILE.keras`.

    Raises:
        InputError: if `huggingface_hub` is not installed, there is no such model or not one alone, or the hub does not answer.
    """
    user, _, rest = address.removeprefix(SCHEME).partition("/")
    model, _, file = rest.partition("/")
    if not user or not model or (file and not file.endswith(ENDING)):
        raise InputError(f"{address}: expected hf://USER/MODEL or hf://USER/MODEL/FILE.keras.")
    name = f"{user}/{model}"
    with _asking(address, "fetched") as library:
        if not file:
            there = [each for each in library.HfApi().list_repo_files(name) if each.endswith(ENDING)]
            if len(there) != 1:
                some = ", ".join(there[:5]) or "none"
                raise InputError(f"{address}: expected one .keras file, found {some}; choose one as {SCHEME}{name}/FILE.keras.")
            file = there[0]
        return Path(library.hf_hub_download(name, file))


def upload(folder: Path, name: str, private: bool) -> None:
    """Makes what is in a folder the content of a model on the hub, in one commit; the model is made if it is not there.

    Args:
        folder: of the files.
        name: USER/MODEL.
        private: whether a model that is made is for its owner alone.

    Raises:
        InputError: if `huggingface_hub` is not installed, the name is none, or the hub refuses.
    """
    if name.count("/") != 1 or not all(name.split("/")):
        raise InputError(f"{name}: expected the name of a model on the hub, USER/MODEL.")
    with _asking(name, "uploaded") as library:
        hub = library.HfApi()
        hub.create_repo(name, private=private, exist_ok=True)
        hub.upload_folder(repo_id=name, folder_path=folder, commit_message="Upload a model of hrkeras")


@contextmanager
def _asking(what: str, done: str) -> Iterator:
    """The hub's library; raises `InputError` where it is missing, or for whatever it or the network raises."""
    telemetry.off()
    try:
        import huggingface_hub
    except ImportError:
        raise InputError(f"{what}: the hub needs huggingface_hub; install it: `pip install 'hrkeras[hub]'`.") from None
    try:
        yield huggingface_hub
    except InputError:
        raise
    except Exception as error:  # of the library, of HTTP, of the network and of the disk
        said = (str(error).strip().splitlines() or ["no reason given"])[0][:200].rstrip(".")
        raise InputError(
            f"{what}: could not be {done} ({type(error).__name__}: {said}); check the name, the connection, and whether you are "
            "logged in: `hf auth login`."
        ) from error
