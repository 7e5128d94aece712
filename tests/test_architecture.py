"""Who may import whom. A room knows only the rooms below it."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "hrkeras"
FILES = sorted(PACKAGE.rglob("*.py"))
MAX_LINES = 300
HEAVY = {"keras", "keras_tuner", "tensorflow", "tensorflow_datasets", "torch", "jax", "pandas", "matplotlib"}

# what each folder may import of ours; a file beside the folders may import all but cli and tuning
MAY_IMPORT = {
    "workouts": {"workouts"},
    "layers": {"layers", "workouts"},
    "models": {"models", "layers", "presets", "workouts"},
    "datasets": {"datasets", "workouts"},
    "foundation": {"foundation", "baselines", "protocols", "telemetry", "windows", "workouts"},
}


def imports(path, everywhere=True):
    """Full names of the modules that a file imports, as `from a import b` gives a and a.b."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree) if everywhere else tree.body:
        if isinstance(node, ast.Import):
            yield from (each.name for each in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path}: relative import"
            yield node.module
            yield from (f"{node.module}.{each.name}" for each in node.names)


def rooms(path):
    """Folders and files directly in hrkeras that a file imports; "" is hrkeras itself."""
    for name in imports(path):
        top, _, rest = name.partition(".")
        if top == "hrkeras":
            room = rest.partition(".")[0]
            if (PACKAGE / room).is_dir() or (PACKAGE / f"{room}.py").is_file():
                yield room


def room_of(path):
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
class TestFile:
    def test_imports_only_from_below(self, path):
        room, found = room_of(path), set(rooms(path)) - {""}
        if room in MAY_IMPORT:
            assert found <= MAY_IMPORT[room]
        if room not in ("cli", "tuning"):
            assert not found & {"cli", "tuning"}
        if room == "tuning":
            assert "cli" not in found

    def test_workouts_need_no_heavy_library(self, path):
        if room_of(path) == "workouts":
            assert not {name.partition(".")[0] for name in imports(path)} & HEAVY

    def test_commands_import_the_library_when_they_run(self, path):
        if room_of(path) == "cli":
            at_top = {name.partition(".")[0] for name in imports(path, everywhere=False)}
            assert not at_top & (HEAVY | {"numpy"})

    def test_one_idea_a_file(self, path):
        assert len(path.read_text(encoding="utf-8").splitlines()) <= MAX_LINES

    def test_says_what_it_is(self, path):
        assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))


def test_the_package_itself_holds_docstring_and_version_only():
    docstring, version = ast.parse((PACKAGE / "__init__.py").read_text(encoding="utf-8")).body
    assert isinstance(docstring, ast.Expr)
    assert version.targets[0].id == "__version__"


def test_workouts_load_no_heavy_library():
    modules = [f"hrkeras.workouts.{path.stem}" for path in (PACKAGE / "workouts").glob("*.py")]
    code = f"import sys, {', '.join(modules)}; print(*{HEAVY!r} & set(sys.modules))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=PACKAGE.parent)
    assert found.stdout.split() == []


def test_datasets_is_no_package_of_its_own():
    """Through the link at the root it would hide another library called `datasets`."""
    assert not (PACKAGE / "datasets" / "__init__.py").exists()
