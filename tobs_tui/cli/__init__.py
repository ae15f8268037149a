"""The command line: wires the rooms together, owns the event loop and the engine's lifetime.

Commands are in `app`; each imports what it needs when it runs, so that the screen's first paint and
`--help` wait for nothing heavy.
"""

from __future__ import annotations

import sys

from tobs_tui.cli.arguments import guard_chat_ids

USAGE = 2


def main() -> None:
    """Run the command that `sys.argv` names; ends the process with the contract's exit code."""
    from typer.exceptions import TyperException

    from tobs_tui.cli.app import app

    sys.argv[1:] = guard_chat_ids(sys.argv[1:])
    try:
        code = app(prog_name="tobs-tui", standalone_mode=False)
    except TyperException as error:
        # Without a message, it has printed its help instead.
        if message := error.format_message():
            print(f"tobs-tui: {message.removesuffix('.')}. See tobs-tui --help", file=sys.stderr)
        raise SystemExit(USAGE) from error
    raise SystemExit(code)
