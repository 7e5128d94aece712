"""`hrkeras cache`: where what was read from files and learnt from them is kept, and how to remove it."""

from typing import Annotated

import typer

MB = 1_000_000


def cache(
    clear: Annotated[bool, typer.Option("--clear", help="Remove everything in it.")] = False,
) -> None:
    """Show where the commands keep what they have read and learnt, so that runs are read and followed once, or remove it.

    Of each run it holds time, speed, altitude and heart rate, what was expected of it and the person's state after it, and no
    positions. HRKERAS_CACHE_DIR names another folder.
    """
    from hrkeras.workouts.readers import cache as caches

    own = caches.Cache(caches.folder())
    entries = own.entries()
    size = sum(status.st_size for _, status in entries)
    content = f"{len(entries):,} {'entry' if len(entries) == 1 else 'entries'}, {size / MB:.1f} MB"
    if clear:
        own.clear()
        print(f"Removed: {content} in {own.folder}.")
        return
    print(f"{own.folder}: {content}, at most {caches.MAX_SIZE // MB:,} MB; what was not used longest goes first.")
    print("An entry is what was read from one file or export, or was computed from some runs.")
    print(f"It goes when it was not used for {caches.DAYS} days.")
    if entries:
        print("Remove all: hrkeras cache --clear")
