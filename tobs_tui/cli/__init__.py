"""The command line: wires the rooms together, owns the event loop and the engine's lifetime.

Commands are in `app`; each imports what it needs when it runs, so that the screen's first paint and
`--help` wait for nothing heavy.
"""

from __future__ import annotations

import gc
import signal
import sys

from tobs_tui.cli.arguments import asks_for_report, guard_chat_ids
from tobs_tui.cli.streams import settle
from tobs_tui.errors import TobsError, UsageError

USAGE = 2
INTERRUPTED = 130
COLLECT_EVERY = 20_000
"""New objects between two looks of the garbage collector at them; Python's own number is 700."""


def main() -> None:
    """Run the command that `sys.argv` names; ends the process with the contract's exit code."""
    settle()
    try:
        code = _run()
    except KeyboardInterrupt:
        code = INTERRUPTED
    finally:
        _past_interrupting()
    if code == INTERRUPTED:
        # While a command still loads; one that runs has its own ways to stop. Typer makes it a code, too.
        _report(Interrupted("Stopped before anything was done"))
    raise SystemExit(code)


def _past_interrupting() -> None:
    """The outcome stands: one more Ctrl+C must not turn the way out into a traceback or a kill."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


class Interrupted(TobsError):
    """Ctrl+C where nothing was under way that could be ended safely."""

    exit_code = INTERRUPTED


def _run() -> int:
    # A page is thousands of small objects that die without the collector's help: looking through them seldom
    # saves a twelfth of an export's CPU.
    gc.set_threshold(COLLECT_EVERY)
    if sys.argv[1:] in ([], ["demo"]):
        # The two ways to the screen that most people take: its first paint waits for no parser of options,
        # nor for the collector to look through what is being imported.
        gc.disable()
        from tobs_tui.cli.running import run_bare
        from tobs_tui.cli.screen.main import open_demo, open_screen

        run_bare(open_demo if sys.argv[1:] else open_screen)
    from typer.exceptions import TyperException

    from tobs_tui.cli.app import app

    sys.argv[1:] = guard_chat_ids(sys.argv[1:])
    try:
        return int(app(prog_name="tobs-tui", standalone_mode=False) or 0)
    except TyperException as error:
        # Without a message, it has printed its help instead.
        if message := error.format_message():
            usage = UsageError(message.removesuffix("."), "See tobs-tui --help")
            print(f"tobs-tui: {usage.line()}", file=sys.stderr)
            _report(usage)
        return USAGE


def _report(error: TobsError) -> None:
    """Print a run's report where one was asked for: however a run ends, `--json` gives one."""
    if asks_for_report(sys.argv[1:]):
        from tobs_tui.cli.summary import print_failed_report

        print_failed_report(error)
