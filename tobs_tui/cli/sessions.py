"""`sessions`: which session files there are, and why each stays or goes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Collection
from pathlib import Path

from tobs_tui.cli.output import print_json, print_table, when
from tobs_tui.config import Settings, machine_timezone
from tobs_tui.telegram.session_gc import SessionFile, collect, plan


def show_sessions(settings: Settings, *, gc: bool, dry_run: bool, as_json: bool) -> int:
    """List them; with `gc` and no `dry_run`, remove those that need not stay, and say what is gone."""
    files = plan(settings, now=time.time())
    collects = gc and not dry_run
    gone = {file.path for file in asyncio.run(collect(settings, files))} if collects else set()
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
                    "gone": file.path in gone,
                }
                for file in files
            ]
        )
        return 0
    timezone = settings.timezone or machine_timezone()
    print_table(
        ("Session", "Last used", "", "Why"),
        [
            (Path(file.path).name, when(file.last_used, timezone), *_fate(file, gone, collects=collects))
            for file in files
        ],
    )
    return 0


def _fate(file: SessionFile, gone: Collection[Path], *, collects: bool) -> tuple[str, str]:
    """What becomes of a file, and why."""
    if file.keep:
        return "stays", file.why
    if not collects:
        return "goes", file.why
    if file.path in gone:
        return "gone", file.why
    return "stays", "it came into use meanwhile, or could not be deleted"
