"""How far off a line drawn across a gap in the heart rate is, and how many runs have no wider gaps.

Of runs recorded every few seconds all records are left out but one in each `gap` seconds; the line between two that
are left is compared with the records left out between them.

python benchmarks/heart_rate_gap.py export.zip
"""

import argparse
import zipfile
from pathlib import Path

import numpy as np

from hrkeras.workouts.interpolation import interpolate
from hrkeras.workouts.readers import apple_health, apple_xml
from hrkeras.workouts.readers.source import ReadLog

GAPS = 30, 60, 90, 120, 180, 300  # s
OFFSETS = 6  # thinnings of each run, beginning at different records
DENSE = 8.0  # s; a run with a median spacing up to this has been recorded every few seconds


def read_records(path: Path) -> apple_xml.Content:
    with zipfile.ZipFile(path) as archive, archive.open("apple_health_export/export.xml") as stream:
        return apple_xml.scan(stream, ReadLog(), path.name)


def errors(clock: np.ndarray, heart_rate: np.ndarray, gap: float) -> np.ndarray:
    """Differences in beats/min between the line and each record left out, where what is left is `gap` apart."""
    found = [np.empty(0)]
    for offset in np.linspace(0, gap, OFFSETS, endpoint=False):
        ticks = np.arange(clock[0] + offset, clock[-1] + 1, gap)
        left = np.unique(np.searchsorted(clock, ticks).clip(max=len(clock) - 1))
        for first, last in zip(left[:-1], left[1:], strict=True):
            if abs(clock[last] - clock[first] - gap) <= 0.15 * gap:
                between = slice(first + 1, last)
                line = np.interp(clock[between], clock[[first, last]], heart_rate[[first, last]])
                found.append(line - heart_rate[between])
    return np.concatenate(found)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("export", type=Path, help="a .zip")
    path = options.parse_args().export
    content = read_records(path)
    runs = {run.start + run.duration: run for run in apple_health.read(path) if run.sport == "running"}
    within = [content.heart_rates.during(run.start, end, "") for end, run in runs.items()]
    dense = [part for part in within if len(part[0]) > 60 and np.median(np.diff(part[0])) <= DENSE]
    print(f"{len(runs)} different runs, {len(dense)} of them recorded every {DENSE:.0f} s or more often")
    print("  gap s   records   mean error   RMS   95 %  within 5   runs with 80 % / 50 % measured (bpm errors)")
    for gap in GAPS:
        off = np.abs(np.concatenate([errors(*part, gap) for part in dense]))
        shares = np.array(
            [
                np.isfinite(interpolate(run.start + run.time, *part, gap)).mean()
                for run, part in zip(runs.values(), within, strict=True)
            ]
        )
        print(
            f"{gap:7} {len(off):9} {off.mean():12.2f} {np.sqrt((off**2).mean()):5.2f} {np.quantile(off, 0.95):6.2f} "
            f"{(off <= 5).mean():9.1%} {(shares >= 0.8).sum():16} / {(shares >= 0.5).sum()}"
        )


if __name__ == "__main__":
    main()
