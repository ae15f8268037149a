"""Torture by the hour.

    python -m tests.torture [--rounds 200] [--seed N] [--jobs 1] [--keep FOLDER]

Rounds take the seeds N, N+1 …; each prints its own. `--rounds 1 --seed N` replays one. What failed is kept
in its folder, and the exit code is 1.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import shutil
import signal
import sys
import tempfile
import time
import traceback
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

from tests.torture.one_round import Failed, play_round, server_key


def play(seed: int, folder: Path, loud: bool) -> tuple[int, float, list[int], str]:
    """One round in this process: its seed, its seconds, how its runs left, and what was wrong."""
    place = folder / f"round-{seed}"
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    began = time.monotonic()
    try:
        exits = asyncio.run(play_round(seed, place, print if loud else lambda line: None))
    except Exception as error:  # boundary: a round that breaks is one that failed; the others go on
        wrong = str(error) if isinstance(error, Failed) else traceback.format_exc()
        (place / "story.txt").write_text(wrong)
        return seed, time.monotonic() - began, [], wrong
    shutil.rmtree(place)
    return seed, time.monotonic() - began, exits, ""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--seed", type=int)
    parser.add_argument("--jobs", type=int, default=1, help="rounds side by side")
    parser.add_argument("--keep", type=Path, help="where rounds play")
    options = parser.parse_args()
    # Ignored as nohup has it, it would stay so in the programs, which then are right to ignore a hangup.
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    first = random.randrange(1 << 32) if options.seed is None else options.seed
    folder = options.keep or Path(tempfile.mkdtemp(prefix="torture-"))
    server_key(folder)
    print(f"seed {first}, {options.rounds} rounds in {folder}", flush=True)
    failed, began = 0, time.monotonic()
    with ProcessPoolExecutor(options.jobs) as pool:
        seeds = range(first, first + options.rounds)
        rounds = [pool.submit(play, seed, folder, options.rounds == 1) for seed in seeds]
        for done, played in enumerate(as_completed(rounds), 1):
            seed, seconds, exits, wrong = played.result()
            failed += bool(wrong)
            verdict = "FAILED" if wrong else f"ok  exits {exits}"
            print(f"{done:4} seed {seed} {seconds:6.1f} s  {verdict}", flush=True)
            if wrong:
                print(wrong, flush=True)
    print(f"{options.rounds} rounds, {failed} failed, {time.monotonic() - began:.0f} s", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
