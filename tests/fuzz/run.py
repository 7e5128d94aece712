"""Reads very many damaged files: `python tests/fuzz/run.py [TARGET ...]`, all targets if none is named.

With atheris the damage is led by what code it reaches; without, it is chance alone. FUZZ_RUNS says how many inputs each target
gets, FUZZ_SEED what chance begins from. What was found is written into the folder `fuzz-findings`.
"""

import os
import random
import subprocess
import sys
import tempfile
import time
import traceback
from pathlib import Path

from mutation import MOST, mutate

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("OMP_NUM_THREADS", "1")
RUNS, SEED = int(os.environ.get("FUZZ_RUNS", 20_000)), int(os.environ.get("FUZZ_SEED", 0))
FINDINGS = Path("fuzz-findings")


def main(names: list[str]) -> int:
    """Fuzzes one target after the other, each in a process of its own; 1 if there was a finding."""
    from targets import targets

    if unknown := set(names) - set(targets(Path())):
        sys.exit(f"Unknown: {', '.join(sorted(unknown))}; expected some of {', '.join(targets(Path()))}.")
    failed = []
    for name in names or targets(Path()):
        begin = time.monotonic()
        done = subprocess.run([sys.executable, __file__, "--one", name], capture_output=True, text=True, errors="replace")
        said = "no finding" if done.returncode == 0 else "A FINDING"
        print(f"{name}: {said} ({done.stdout.strip().splitlines()[-1]}, {time.monotonic() - begin:.0f} s)", flush=True)
        if done.returncode:
            failed.append(name)
            print(done.stderr[-6000:])
    print(f"Findings in {', '.join(failed)}; see {FINDINGS}." if failed else "None of these let another error out than our own.")
    return bool(failed)


def one(name: str) -> None:
    """Fuzzes one target in this process."""
    try:
        import atheris
    except ImportError:
        atheris = None
        import limits
        import targets
    else:
        with atheris.instrument_imports(include=["hrkeras"]):
            import limits
            import targets
    with tempfile.TemporaryDirectory() as folder:
        target = targets.targets(Path(folder))[name]()
        runs = max(1, int(RUNS * target.share))
        print(f"{runs:,} inputs {'by atheris' if atheris else 'by chance'}", flush=True)

        def read(data: bytes) -> None:
            try:
                limits.read(target, data, Path(folder) / "damaged")
            except BaseException:
                FINDINGS.mkdir(exist_ok=True)
                (FINDINGS / f"{name}{target.suffix}").write_bytes(target.pack(data))
                traceback.print_exc()
                sys.stderr.flush()
                os._exit(1)

        if atheris:
            _by_atheris(atheris, target.seeds, runs, read, Path(folder))
        chance = random.Random(f"{name} {SEED}")
        for _ in range(runs):
            read(mutate(chance.choice(target.seeds), chance))


def _by_atheris(atheris, seeds: list[bytes], runs: int, read, folder: Path) -> None:
    """Does not return: the process ends with 0 when all inputs are read."""
    corpus = folder / "corpus"
    corpus.mkdir()
    for number, seed in enumerate(seeds):
        (corpus / str(number)).write_bytes(seed)

    def damage(data: bytes, size: int, seed: int) -> bytes:
        chance = random.Random(seed)
        return mutate(data, chance, size) if chance.random() < 0.5 else atheris.Mutate(data, size)

    options = [f"-runs={runs}", f"-seed={SEED + 1}", f"-max_len={MOST}", "-timeout=60", "-rss_limit_mb=0", "-verbosity=0"]
    atheris.Setup([sys.argv[0], *options, str(corpus)], read, custom_mutator=damage)
    atheris.Fuzz()


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        one(sys.argv[2])
    else:
        sys.exit(main(sys.argv[1:]))
