"""Files that are written beside and renamed: what is there before, at a kill, and after."""

import errno
import os
import signal
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from hrkeras.utils import files
from hrkeras.utils.errors import InputError
from hrkeras.utils.files import atomic_write, atomic_writes, locked

ROOT = Path(__file__).resolve().parents[2]


def write(path, text):
    with atomic_write(path) as part:
        part.write_text(text)


def write_and_fail(path, error):
    with atomic_write(path) as part:
        part.write_text("two")
        raise error


def write_both(*paths):
    with atomic_writes(*paths) as parts:
        for part in parts:
            part.write_text("two")


def names(folder):
    return sorted(os.listdir(folder))


def test_it_replaces_only_when_all_is_written(tmp_path):
    path = tmp_path / "new" / "a.csv.gz"
    with atomic_write(path) as part:
        assert part.name == "a.csv.gz"
        part.write_text("one")
        assert not path.exists()
    assert path.read_text() == "one"
    for error in (ValueError, KeyboardInterrupt):
        with pytest.raises(error):
            write_and_fail(path, error)
    with pytest.raises(FileNotFoundError), atomic_write(path):
        pass  # nothing was written
    assert path.read_text() == "one"
    assert names(path.parent) == ["a.csv.gz"]


def test_folders_that_were_made_for_nothing_are_removed(tmp_path):
    with pytest.raises(ValueError, match="no"):
        write_and_fail(tmp_path / "a" / "b" / "c", ValueError("no"))
    assert names(tmp_path) == []


def test_a_folder_takes_the_place_of_a_folder(tmp_path):
    path = tmp_path / "made"
    for name in ("one", "two"):
        with atomic_write(path) as part:
            part.mkdir()
            (part / name).touch()
    assert names(path) == ["two"]
    with pytest.raises(FileNotFoundError), atomic_write(path):
        pass  # nothing was written
    assert names(path) == ["two"]
    assert names(tmp_path) == ["made"]


def test_a_folder_whose_successor_cannot_take_its_place_is_put_back(tmp_path, monkeypatch):
    path = tmp_path / "made"
    path.mkdir()
    (path / "one").touch()
    monkeypatch.setattr(files, "_exchange", lambda one, other: False)
    rename = Path.rename

    def fails(self, target):
        if target == path and self.parent.name.startswith(files.PREFIX):
            raise OSError(errno.EIO, "no")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", fails)
    with pytest.raises(OSError, match="no"), atomic_write(path) as part:
        part.mkdir()
    assert names(path) == ["one"]
    assert names(tmp_path) == ["made"]


def test_of_two_that_belong_together_none_is_replaced_unless_both_can_be(tmp_path):
    (tmp_path / "a").write_text("one")
    (tmp_path / "b").mkdir()
    with pytest.raises(IsADirectoryError):
        write_both(tmp_path / "a", tmp_path / "b")
    assert (tmp_path / "a").read_text() == "one"
    assert names(tmp_path) == ["a", "b"]
    (tmp_path / "b").rmdir()
    write_both(tmp_path / "a", tmp_path / "b")
    assert [(tmp_path / name).read_text() for name in names(tmp_path)] == ["two", "two"]


def test_what_describes_another_goes_first_and_comes_last(tmp_path, monkeypatch):
    """Whenever the process is killed, it describes what is there or is missing."""
    replace, seen = Path.replace, []

    def watched(self, target):
        seen.append((target.name, names(tmp_path)[2:]))
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", watched)
    write_both(tmp_path / "sm", tmp_path / "sm.json")
    write_both(tmp_path / "sm", tmp_path / "sm.json")
    assert seen == [("sm", []), ("sm.json", ["sm"]), ("sm", ["sm"]), ("sm.json", ["sm"])]


def test_names_that_look_like_ours_stay(tmp_path):
    foreign = ["me.old.json", "me.part.json", ".hrkeras-file", ".me.json.lock"]
    for name in foreign:
        (tmp_path / name).write_text("mine")
    for name in ("r.old.html", ".hrkeras-abcdefgh"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "mine").touch()
    for name in ("me.json", "r.html"):
        write(tmp_path / name, "one")
        write(tmp_path / name, "two")
    with locked(tmp_path / "me.json", "busy"):
        pass
    assert names(tmp_path) == sorted([*foreign, "r.old.html", ".hrkeras-abcdefgh", "me.json", "r.html"])
    assert all((tmp_path / name).read_text() == "mine" for name in foreign)
    assert names(tmp_path / "r.old.html") == names(tmp_path / ".hrkeras-abcdefgh") == ["mine"]


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o644])
def test_the_mode_stays_and_a_new_file_has_the_usual_one(tmp_path, mode):
    path = tmp_path / "me.json"
    write(path, "one")
    (tmp_path / "usual").touch()
    assert path.stat().st_mode == (tmp_path / "usual").stat().st_mode
    path.chmod(mode)
    write(path, "two")
    assert stat.S_IMODE(path.stat().st_mode) == mode
    assert path.read_text() == "two"


@pytest.mark.parametrize("there", [True, False])
def test_a_link_stays_a_link(tmp_path, there):
    (tmp_path / "here").mkdir()
    (tmp_path / "there").mkdir()
    path, target = tmp_path / "here" / "me.json", tmp_path / "there" / "mine.json"
    path.symlink_to(target)
    if there:
        target.write_text("one")
    write(path, "two")
    assert path.readlink() == target
    assert target.read_text() == "two"
    assert names(tmp_path / "here") == ["me.json"]
    assert names(tmp_path / "there") == ["mine.json"]


def test_what_is_no_file_stays(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(FileExistsError, match="neither a file nor a folder"):
        write(tmp_path / "pipe", "one")
    assert names(tmp_path) == ["pipe"]
    assert stat.S_ISFIFO((tmp_path / "pipe").stat().st_mode)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everything")
def test_a_read_only_file_stays(tmp_path):
    (tmp_path / "a").write_text("one")
    (tmp_path / "a").chmod(0o444)
    with pytest.raises(PermissionError):
        write(tmp_path / "a", "two")
    assert (tmp_path / "a").read_text() == "one"


def process(code, *arguments):
    return subprocess.Popen(
        [sys.executable, "-c", f"from pathlib import Path; import sys, time\n{code}", *map(str, arguments)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )


WRITES = """
from hrkeras.utils.files import atomic_write
with atomic_write(Path(sys.argv[1])) as part:
    part.write_text("two")
    print("written", flush=True)
    time.sleep(60)
"""
MOVES = """
from hrkeras.utils import files
files._exchange = lambda one, other: False
rename = Path.rename
def stops(self, target):
    rename(self, target)
    print("moved", flush=True)
    time.sleep(60)
Path.rename = stops
with files.atomic_write(Path(sys.argv[1])) as part:
    part.mkdir()
"""
REPLACES = """
import os
from hrkeras.utils.files import atomic_write
for _ in range(60):
    with atomic_write(Path(sys.argv[1])) as part:
        part.mkdir()
        for number in range(3):
            (part / str(number)).write_text(str(os.getpid()))
"""
KILLED_AT_EACH_STEP = """
import os, shutil, signal
from hrkeras.utils import files

place, exchanges = Path(sys.argv[1]), sys.argv[2] == "True"
if not exchanges:
    files._exchange = lambda one, other: False

def write(text):
    with files.atomic_writes(place / "made", place / "made.json") as (part, description):
        part.mkdir()
        for number in range(3):
            (part / str(number)).write_text(text)
        description.write_text(text)

def check(step, *also):
    found = [path.read_text() for path in (place / "made").glob("*")]
    assert found in (["old"] * 3, ["new"] * 3, *also), (step, found, os.listdir(place))
    if found and (place / "made.json").exists():
        assert (place / "made.json").read_text() == found[0], (step, found)

def killed_at(step):
    done = 0
    def counted(call):
        def stops(*args, **kwargs):
            nonlocal done
            done += 1
            if done == step:
                os.kill(os.getpid(), signal.SIGKILL)
            return call(*args, **kwargs)
        return stops
    for name in ("mkdir", "open", "unlink", "rmdir", "rename", "replace"):
        setattr(os, name, counted(getattr(os, name)))
    write("new")

def remove():
    shutil.rmtree(place / "made", ignore_errors=True)
    (place / "made.json").unlink(missing_ok=True)

def clear():
    for left in place.glob(".hrkeras-*"):
        os.utime(left, (0, 0))  # it was left long ago
    files.clear(place)

for step in range(1, 200):
    write("old")
    child = os.fork()
    if not child:
        killed_at((step + 1) // 2)
        os._exit(0)
    ended = os.waitpid(child, 0)[1] == 0
    if exchanges:
        check(step)
    if step % 2:
        clear()
        check(step)
        remove()
    else:  # what somebody removes themselves comes back whole or not at all
        remove()
        clear()
        check(step, [])
        remove()
    assert os.listdir(place) == [], (step, os.listdir(place))
    if ended:
        break
print(step, flush=True)
"""


@pytest.fixture
def exchanges(tmp_path):
    """Whether two folders can change places in one step here."""
    one, other = tmp_path / "one", tmp_path / "other"
    for each in (one, other):
        each.mkdir()
    done = files._exchange(one, other)
    for each in (one, other):
        each.rmdir()
    return done


def test_a_kill_leaves_the_old_file_and_the_next_write_clears_up(tmp_path):
    path = tmp_path / "me.json"
    write(path, "one")
    with process(WRITES, path) as killed, process(WRITES, path) as going_on:
        assert {each.stdout.readline() for each in (killed, going_on)} == {"written\n"}
        assert len(set(names(tmp_path))) == 3  # each has a folder of its own
        killed.send_signal(signal.SIGKILL)
        killed.wait()
        assert path.read_text() == "one"
        write(path, "three")
        assert path.read_text() == "three"
        assert len(names(tmp_path)) == 2  # who goes on keeps what is theirs
        going_on.kill()
    write(path, "four")
    assert names(tmp_path) == ["me.json"]


def test_a_folder_that_was_moved_aside_at_a_kill_comes_back(tmp_path):
    path = tmp_path / "made"
    path.mkdir()
    (path / "one").touch()
    with process(MOVES, path) as killed:
        assert killed.stdout.readline() == "moved\n"
        killed.kill()
    assert not path.exists()
    write(tmp_path / "other", "")
    assert names(path) == ["one"]
    assert names(tmp_path) == ["made", "other"]


@pytest.mark.parametrize("in_one_step", [True, False])
def test_a_kill_at_any_step_leaves_a_folder_whole_and_never_described_by_another(in_one_step, exchanges, tmp_path):
    if in_one_step and not exchanges:
        pytest.skip("two renames are needed here")
    with process(KILLED_AT_EACH_STEP, tmp_path, in_one_step) as driver:
        steps = driver.stdout.read()
    assert driver.returncode == 0
    assert int(steps) > 20


def test_a_folder_that_several_replace_is_always_there(exchanges, tmp_path):
    if not exchanges:
        pytest.skip("two renames are needed here")
    path = tmp_path / "made"
    path.mkdir()
    with process(REPLACES, path) as one, process(REPLACES, path) as two, process(REPLACES, path) as three:
        while any(each.poll() is None for each in (one, two, three)):
            assert path.is_dir()
    assert [each.returncode for each in (one, two, three)] == [0, 0, 0]
    assert len({(path / str(number)).read_text() for number in range(3)}) == 1
    assert names(tmp_path) == ["made"]


def test_an_empty_folder_of_ours_without_a_lock_is_left_over_after_a_while(tmp_path):
    for name in (".hrkeras-a2345678", ".hrkeras-b2345678", ".hrkeras-c2345678"):
        (tmp_path / name).mkdir()
    (tmp_path / ".hrkeras-c2345678" / "mine").touch()
    for name in (".hrkeras-a2345678", ".hrkeras-c2345678"):
        os.utime(tmp_path / name, (0, 0))
    write(tmp_path / "a", "one")
    assert names(tmp_path) == [".hrkeras-b2345678", ".hrkeras-c2345678", "a"]


HOLDS = """
from hrkeras.utils.files import locked
with locked(Path(sys.argv[1]), "busy"):
    print("held", flush=True)
    time.sleep(float(sys.argv[2]))
"""


def test_a_lock_is_waited_for_and_then_refused_and_ends_with_its_process(tmp_path):
    path = tmp_path / "me.json"
    waited = []
    with process(HOLDS, path, 60) as holding:
        assert holding.stdout.readline() == "held\n"
        with pytest.raises(InputError, match="it is busy"), locked(path, "it is busy", 0.2, lambda: waited.append(1)):
            pass
        assert waited == [1]
        holding.kill()
    with locked(path, "busy"):
        pass
    assert names(tmp_path) == []
    with process(HOLDS, path, 0.5) as holding:
        assert holding.stdout.readline() == "held\n"
        with locked(path, "busy", 30):
            pass
    assert names(tmp_path) == []


def test_what_libraries_leave_in_the_temporary_folder_is_removed(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", None)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    with files.private_temp():
        left = Path(tempfile.mkdtemp("tfds"))
        assert os.environ["TMPDIR"] == str(left.parent) != str(tmp_path)
    assert names(tmp_path) == []
    assert tempfile.gettempdir() == os.environ["TMPDIR"] == str(tmp_path)


@pytest.mark.parametrize(
    ("error", "full"),
    [
        (OSError(errno.ENOSPC, "whatever"), True),
        (OSError(errno.EDQUOT, "whatever"), True),
        (RuntimeError("RESOURCE_EXHAUSTED: a/b; No space left on device"), True),
        (OSError(errno.EACCES, "no"), False),
        (ValueError("space"), False),
    ],
)
def test_a_full_disk_is_known_by_whoever_says_it(error, full):
    assert files.is_full(error) == full
    around = RuntimeError("it failed")
    around.__cause__ = error
    assert files.is_full(around) == full
