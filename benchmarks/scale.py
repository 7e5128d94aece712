"""How long it takes to build a dataset of an Endomondo file as large as FitRec's, and how much memory.

python benchmarks/scale.py build [endomondoHR.json.gz] [--lines 253020] [--processes 1 2] [--beam-options ...]

The lines are those of the file, or of simulated athletes if none is given, repeated under new names. Each build runs in
a process of its own; its memory is that of the process and all its children together, a page that several share counted
once, twice a second. The processor's time is told beside that of the clock, which depends on what else the machine does.
"""

import argparse
import gzip
import itertools
import re
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

FITREC = 253_020  # workouts in endomondoHR.json
ATHLETES, RUNS = 8, 30
NAMES = re.compile(rb"""(['"](?:userId|id)['"]: )['"]?(\w+)['"]?""")
INTERVAL = 0.5  # s


def repeated(source: Path | None, lines: int, target: Path) -> None:
    """Writes a gzip file of so many workouts: those of a file, or simulated ones, repeated under new names."""
    if source is None:
        from hrkeras.workouts.simulation import formats, synthetic

        source = target.with_name("once.json.gz")
        formats.write_endomondo(synthetic.simulate(ATHLETES, RUNS), source)
    with gzip.open(source) as stream:
        once = stream.read().splitlines()
    numbered = itertools.islice(((repeat, line) for repeat in itertools.count() for line in once), lines)
    with gzip.open(target, "wb", compresslevel=1) as stream:
        for repeat, line in numbered:
            stream.write(NAMES.sub(rb"\1'\g<2>_%d'" % repeat, line) + b"\n")


def memory(process: psutil.Process) -> int:
    """Bytes of a process and its children, with an equal share of what they have in common with others."""
    total = 0
    for each in (process, *process.children(recursive=True)):
        try:
            total += each.memory_full_info().pss
        except psutil.Error:  # it has just ended
            continue
    return total


def measured(*arguments: str) -> None:
    """Runs `hrkeras build endomondo` and prints what it took."""
    began, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [sys.executable, "-m", "hrkeras.cli.main", "build", "endomondo", *arguments]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    peak = 0
    while process.poll() is None:
        try:
            peak = max(peak, memory(psutil.Process(process.pid)))
        except psutil.Error:
            break
        time.sleep(INTERVAL)
    out, _ = process.communicate()
    wall, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    work = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    (counts,) = re.findall(r"^.* runs: .*$", out, re.MULTILINE) or [f"failed with {process.returncode}"]
    print(f"{' '.join(arguments[1:])}: {wall:.0f} s, {work:.0f} s of processors, peak memory {peak / 1e6:.0f} MB; {counts}")


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = options.add_subparsers(required=True)
    build = commands.add_parser("build", help="build a dataset of an Endomondo file")
    build.add_argument("file", type=Path, nargs="?", help="endomondoHR.json.gz; simulated if not given")
    build.add_argument("--lines", type=int, default=FITREC)
    build.add_argument("--processes", type=int, nargs="*", default=[1, 2])
    build.add_argument("--beam-options", help="build on Apache Beam, too, with its options")
    arguments = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "endomondoHR.json.gz"
        repeated(arguments.file, arguments.lines, source)
        print(f"{arguments.lines:,} lines, {source.stat().st_size / 1e6:.0f} MB packed")
        for processes in arguments.processes:
            measured(str(source), "--data-dir", f"{folder}/{processes}", "--processes", str(processes))
        if arguments.beam_options is not None:
            measured(str(source), "--data-dir", f"{folder}/beam", "--beam-options", arguments.beam_options)


if __name__ == "__main__":
    main()
