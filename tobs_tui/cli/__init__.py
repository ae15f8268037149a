"""The command line: wires the rooms together, owns the event loop and the engine's lifetime.

Commands are in `app`; each imports what it needs when it runs, so that the screen's first paint and
`--help` wait for nothing heavy.
"""

from __future__ import annotations

import sys

from tobs_tui.cli.arguments import guard_chat_ids


def main() -> None:
    """Run the command that `sys.argv` names; ends the process with the contract's exit code."""
    from tobs_tui.cli.app import app

    sys.argv[1:] = guard_chat_ids(sys.argv[1:])
    app(prog_name="tobs-tui")
