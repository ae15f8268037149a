"""Promise 7: peak memory of an export must hardly grow with the chat; one table, one run.

    python -m tests.benchmarks.memory [--sizes 10000,200000]

Daily layout, the server in another process, notes and index included.
"""

from __future__ import annotations

import argparse

from tests.benchmarks.export_speed import one_round


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", default="10000,200000")
    options = parser.parse_args()
    first = None
    print(f"{'messages':>10} {'peak MB':>8} {'growth':>7}")
    for size in map(int, options.sizes.split(",")):
        _, measured = one_round(size, 0, (4,))
        first = first or measured.peak_mb
        print(f"{measured.messages:10,} {measured.peak_mb:8.0f} {measured.peak_mb / first - 1:7.0%}")


if __name__ == "__main__":
    main()
