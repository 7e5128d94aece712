"""Who may import whom. A room knows only the rooms below it, and no import goes in a circle."""

import ast
import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "hrkeras"
FILES = sorted(PACKAGE.rglob("*.py"))
ROOMS = {path.name for path in PACKAGE.iterdir() if path.is_dir() and any(path.glob("**/*.py"))}
MAX_LINES, MAX_FUNCTION = 300, 60
HEAVY = {"keras", "keras_tuner", "tensorflow", "tensorflow_datasets", "torch", "jax", "pandas", "matplotlib"}
MODULES = {".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__"): path for path in FILES}

# from the ground up; rooms of one floor do not know each other
FLOORS = (
    {"utils"},
    {"workouts"},
    {"athlete"},
    {"datasets", "layers"},
    {"models"},
    {"evaluation"},
    {"training", "personal"},
    {"tuning", "export"},
    {"cli"},
)


def imports(path, everywhere=True):
    """Full names of the modules that a file imports, as `from a import b` gives a and a.b."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree) if everywhere else tree.body:
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path}: relative import"
            yield node.module
            yield from (f"{node.module}.{name.name}" for name in node.names)


def room_of(path):
    return path.relative_to(PACKAGE).parts[0]


def rooms(path):
    """Rooms that a file imports from."""
    for name in imports(path):
        top, _, rest = name.partition(".")
        if top == "hrkeras" and rest and (PACKAGE / rest.partition(".")[0]).is_dir():
            yield rest.partition(".")[0]


def functions(tree):
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def lines_of(function):
    """How many lines the body of a function has, its docstring aside."""
    body = function.body[1:] if ast.get_docstring(function) else function.body
    return body[-1].end_lineno - body[0].lineno + 1 if body else 0


@pytest.mark.parametrize(
    "path", [path for path in FILES if path.parent != PACKAGE], ids=lambda path: str(path.relative_to(PACKAGE))
)
class TestFile:
    def test_imports_only_from_below(self, path):
        room = room_of(path)
        floor = next(number for number, floor in enumerate(FLOORS) if room in floor)
        assert set(rooms(path)) <= {room}.union(*FLOORS[:floor])

    def test_workouts_need_no_heavy_library(self, path):
        if room_of(path) in ("workouts", "athlete"):
            assert not {name.partition(".")[0] for name in imports(path)} & HEAVY

    def test_commands_import_the_library_when_they_run(self, path):
        if room_of(path) == "cli":
            at_top = {name.partition(".")[0] for name in imports(path, everywhere=False)}
            assert not at_top & (HEAVY | {"numpy"})

    def test_one_idea_a_file(self, path):
        assert len(path.read_text(encoding="utf-8").splitlines()) <= MAX_LINES

    def test_one_job_a_function(self, path):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        assert [function.name for function in functions(tree) if lines_of(function) > MAX_FUNCTION] == []

    def test_says_what_it_is(self, path):
        assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))


def test_what_is_imported_is_there():
    """mypy believes that a missing module is somebody else's."""
    for path in FILES:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in (node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)):
            if node.module.partition(".")[0] == "hrkeras":
                names = [name.name for name in node.names]
                is_room = (PACKAGE.parent / node.module.replace(".", "/")).is_dir()
                assert node.module in MODULES or is_room and all(f"{node.module}.{name}" in MODULES for name in names), path


def test_every_room_has_its_floor():
    assert sorted(room for floor in FLOORS for room in floor) == sorted(ROOMS)
    assert len(ROOMS) <= 14


def test_no_file_lies_loose():
    assert [path.name for path in PACKAGE.glob("*.py")] == ["__init__.py"]


def test_imports_go_in_no_circle():
    graph = {name: {other for other in imports(path) if other in MODULES and other != name} for name, path in MODULES.items()}
    graph["hrkeras"] = set()  # the front door imports a name when it is asked for
    list(TopologicalSorter(graph).static_order())  # it raises if there is one


def test_workouts_load_no_heavy_library():
    modules = [name for name in MODULES if name.startswith(("hrkeras.workouts", "hrkeras.athlete"))]
    code = f"import sys, {', '.join(modules)}; print(*{HEAVY!r} & set(sys.modules))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=PACKAGE.parent)
    assert found.stdout.split() == []


def test_datasets_is_no_package_of_its_own():
    """Through the link at the root it would hide another library called `datasets`."""
    assert not (PACKAGE / "datasets" / "__init__.py").exists()
