"""`sessions`: which session files there are, and why each stays or goes."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

from tobs_tui.cli.output import print_json, print_table, when
from tobs_tui.config import Settings, machine_timezone
from tobs_tui.telegram.session_gc import collect, plan


def show_sessions(settings: Settings, *, gc: bool, dry_run: bool, as_json: bool) -> int:
    """List them; with `gc` and no `dry_run`, remove those that need not stay."""
    files = plan(settings, now=time.time())
    if gc and not dry_run:
        asyncio.run(collect(settings, files))
    if as_json:
        print_json(
            [
                {
                    "path": str(file.path),
                    "role": file.role,
                    "account": file.account,
                    "last_used": file.last_used,
                    "keep": file.keep,
                    "why": file.why,
                }
                for file in files
            ]
        )
        return 0
    timezone = settings.timezone or machine_timezone()
    print_table(
        ("Session", "Last used", "", "Why"),
        [
            (Path(file.path).name, when(file.last_used, timezone), "stays" if file.keep else "goes", file.why)
            for file in files
        ],
    )
    return 0
