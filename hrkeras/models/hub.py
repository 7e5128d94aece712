"""Models on the Hugging Face hub: the only module that accesses it, through `huggingface_hub` if installed."""

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
        address: `hf://USER/MODEL`, with exactly one .keras file, or `hf://USER/MODEL/FILE.keras`.

    Raises:
        InputError: if `huggingface_hub` is not installed, there is no such model or more than one, or the hub does not answer.
    """
    user, _, rest = address.removeprefix(SCHEME).partition("/")
    model, _, file = rest.partition("/")
    if not user or not model or (file and not file.endswith(ENDING)):
        raise InputError(f"{address}: expected hf://USER/MODEL or hf://USER/MODEL/FILE.keras.")
    name = f"{user}/{model}"
    with _asking(address, "fetched") as library:
        if not file:
            paths = [path for path in library.HfApi().list_repo_files(name) if path.endswith(ENDING)]
            if len(paths) != 1:
                listed = ", ".join(paths[:5]) or "none"
                raise InputError(f"{address}: expected one .keras file, found {listed}; choose one as {SCHEME}{name}/FILE.keras.")
            file = paths[0]
        return Path(library.hf_hub_download(name, file))


def upload(folder: Path, name: str, private: bool) -> None:
    """Uploads the files of a folder to a model on the hub, in one commit; the model is created if it does not exist.

    Args:
        folder: of the files.
        name: USER/MODEL.
        private: whether a model that is created is private.

    Raises:
        InputError: if `huggingface_hub` is not installed, the name is invalid, or the hub refuses.
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
        message = (str(error).strip().splitlines() or ["no reason given"])[0][:200].rstrip(".")
        raise InputError(
            f"{what}: could not be {done} ({type(error).__name__}: {message}); check the name, the connection, and whether you "
            "are logged in: `hf auth login`."
        ) from error
