"""The boundary of every command: settings are read, the work runs, an error becomes a line and a code."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import platformdirs

from tobs_tui import logs, text
from tobs_tui.cli import streams
from tobs_tui.errors import TobsError

if TYPE_CHECKING:
    from tobs_tui.config import Settings


class Defect(TobsError):
    """What no room foresaw. The log holds its traceback."""


def run(
    command: Callable[[Settings], int],
    overrides: Mapping[str, object] | None = None,
    *,
    report_as_json: bool = False,
) -> NoReturn:
    """Run a command on the settings of all layers and end the process with its exit code."""

    def with_settings() -> int:
        # The screen, which shares this module, reads its settings after its first paint.
        from tobs_tui.config import load_settings

        settings = load_settings(overrides or {})
        begin_log(settings)
        try:
            return command(settings)
        except (TobsError, BrokenPipeError):
            raise
        except Exception as error:  # boundary: what nobody foresaw becomes a line too, and stays traceable
            logs.error("%s", "".join(traceback.format_exception(error)).strip())
            raise _in_words(error) from error
        finally:
            logs.GlobalBatcher.close()

    run_bare(with_settings, report_as_json=report_as_json)


def run_bare(command: Callable[[], int], *, report_as_json: bool = False) -> NoReturn:
    """Run a command that reads no settings. With `report_as_json`, a failure prints a run's report, too."""
    code = 1
    try:
        try:
            code = command()
        except TobsError as error:
            code = error.exit_code
            complain(error)
            if report_as_json:
                from tobs_tui.cli.summary import print_failed_report

                print_failed_report(error)
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read our output has gone; Python would complain once more on its way out.
        streams.mute(1)
    except OSError as error:
        streams.mute(1)
        complain(TobsError(f"The output can't be written: {error.strerror}"))
        code = code or 1
    raise SystemExit(code)


def _in_words(error: Exception) -> TobsError:
    """An unforeseen error as one line: what it is at its root, and where to read more."""
    root: BaseException = error
    while isinstance(root, BaseExceptionGroup):
        root = root.exceptions[0]
    what = f"{type(root).__name__}: {root}" if str(root) else type(root).__name__
    return Defect(
        f"tobs-tui met what it was not made for: {logs.redacted(what)}",
        f"What was saved is safe. The details are in {log_file()}",
    )


def begin_log(settings: Settings) -> None:
    """Log into the user's log folder; without a log rather than without the command where it can't be."""
    for secret in settings.secrets:
        logs.redact(secret)
    try:
        logs.GlobalBatcher.configure(settings.log_batch_interval, settings.log_level, log_file())
    except OSError as error:
        print(f"tobs-tui: no log is kept: {text.for_terminal(str(error))}", file=sys.stderr)


def log_file() -> Path:
    return platformdirs.user_log_path("tobs-tui", appauthor=False) / "tobs.log"


def complain(error: TobsError) -> None:
    """Say on stderr, in one line, what was wrong and what to do."""
    for line in error.line().splitlines():
        print(f"tobs-tui: {text.for_terminal(line)}", file=sys.stderr)
