"""Processor time of the commands for one's own runs on 500 simulated GPX files: for the first time, again, and with one more.

python benchmarks/own_runs.py [--runs 500] [SOURCE ...]
"""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

from hrkeras.workouts.simulation import formats, synthetic

COMMANDS = ("report", "fitness", "zones")
RUNS = 500


def seconds(command: str, source: Path, folder: Path) -> float:
    """Processor time of a command in s, that of its processes included."""
    more = ["--output", str(folder / "report.html"), "--force"] if command == "report" else []
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    environment = {**os.environ, "HRKERAS_CACHE_DIR": str(folder / "cache")}
    arguments = [sys.executable, "-m", "hrkeras.cli.main", command, str(source), *more]
    subprocess.run(arguments, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main(sources: list[Path], runs: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        held_back = []
        if not sources:
            sources = [folder / "gpx"]
            formats.write_gpx_folder(synthetic.simulate(athletes=1, runs=runs + 1, seed=1, flawed=0), sources[0])
            latest = max(sources[0].iterdir())
            held_back.append(latest.rename(folder / latest.name))
        for source in sources:
            print(f"{source.name}: report for the first time {seconds('report', source, folder):.1f} s")
            for command in COMMANDS:
                print(f"  {command} again {min(seconds(command, source, folder) for _ in range(2)):.1f} s", flush=True)
            for file in held_back:
                file.rename(source / file.name)
                print(f"  report of one more run {seconds('report', source, folder):.1f} s", flush=True)
            print(f"  page of {(folder / 'report.html').stat().st_size / 1000:.0f} kB", flush=True)


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("sources", nargs="*", type=Path)
    options.add_argument("--runs", type=int, default=RUNS)
    given = options.parse_args()
    main(given.sources, given.runs)
