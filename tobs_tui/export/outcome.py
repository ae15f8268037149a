"""What comes of a run: the problems met on its way, its status, and the report that tells it all."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from tobs_tui import logs
from tobs_tui.archive import Archive
from tobs_tui.errors import ChatUnavailable, ServerUnreachable, TobsError
from tobs_tui.export.chat_run import ChatRun, ChatState
from tobs_tui.export.gauges import StageSnapshot
from tobs_tui.export.report import ReportedError, RunReport, RunStatus, StageReport
from tobs_tui.shutdown import ShutdownManager
from tobs_tui.telegram.account import Account


class Outcome:
    """Gathers while the run goes on; `status` and `report` may be asked at any time."""

    def __init__(
        self,
        account: Account,
        archive: Archive,
        shutdown: ShutdownManager,
        vault: str,
        clock: Callable[[], float],
    ) -> None:
        self._account = account
        self._archive = archive
        self._shutdown = shutdown
        self._vault = vault
        self._clock = clock
        self._started = clock()
        self._requests_before = account.requests
        self._flood_wait_before = account.flood_wait_s
        self._problems: list[tuple[int | None, TobsError]] = []
        self._phase_ends: dict[str, float] = {}
        self.notices: list[str] = []
        """What a person should know that is no error."""

    @property
    def elapsed_s(self) -> float:
        return self._clock() - self._started

    @property
    def requests(self) -> int:
        """RPC calls that the run sent so far."""
        return self._account.requests - self._requests_before

    def problem(self, chat_id: int | None, error: TobsError) -> None:
        """Take what went wrong beside the fetching of a chat's messages and files."""
        self._problems.append((chat_id, error))
        logs.error("%s", error.line())

    def errors(self, runs: Iterable[ChatRun]) -> list[TobsError]:
        """All that went wrong so far."""
        return [error for _, error in self._problems] + [error for run in runs for error in run.errors]

    def end_phase(self, name: str) -> None:
        self._phase_ends[name] = round(self.elapsed_s, 3)

    def status(self, runs: Sequence[ChatRun], failure: TobsError | None, *, notes_left: int) -> RunStatus:
        """How the run stands; `failure` ended it or a stage of it, `notes_left` a stop had no time for."""
        if self._shutdown.aborted:
            return RunStatus.ABORTED
        everything = self.errors(runs)
        # A server lost on the way leaves ranges unasked; it fails the run only where nothing could begin.
        if failure is not None and not isinstance(failure, ServerUnreachable | ChatUnavailable):
            return RunStatus.FAILED
        if any(error.exit_code == RunStatus.FAILED.exit_code for error in everything):
            return RunStatus.FAILED
        done = all(run.state in (ChatState.DONE, ChatState.FAILED) for run in runs)
        if self._shutdown.draining and not (done and not notes_left):
            return RunStatus.DRAINED
        if failure is not None or everything or not done:
            return RunStatus.INCOMPLETE
        return RunStatus.COMPLETE

    def report(
        self,
        runs: Sequence[ChatRun],
        failure: TobsError | None,
        *,
        notes_left: int,
        stages: Sequence[StageSnapshot],
    ) -> RunReport:
        """What the run did until now."""
        status = self.status(runs, failure, notes_left=notes_left)
        return RunReport(
            status=status,
            chats=tuple(
                run.report(
                    total=sum(map(self._archive.count, run.history_ids)),
                    failed=sum(self._archive.progress(number).failed for number in run.history_ids),
                )
                for run in runs
            ),
            messages_new=sum(run.new for run in runs),
            requests=self.requests,
            flood_wait_s=round(self._account.flood_wait_s - self._flood_wait_before, 3),
            media_files=sum(run.files for run in runs),
            media_bytes=sum(run.file_bytes for run in runs),
            elapsed_s=round(self.elapsed_s, 3),
            stages={stage.name: _stage_report(stage) for stage in stages},
            phases=dict(self._phase_ends),
            errors=tuple(self._reported(runs, failure)),
            notices=(*self._archive.notices, *self.notices),
            vault=self._vault,
            exit_code=failure.exit_code if failure and status is RunStatus.FAILED else status.exit_code,
        )

    def _reported(self, runs: Iterable[ChatRun], failure: TobsError | None) -> list[ReportedError]:
        reported = [error for run in runs for error in run.reported_errors()]
        for chat_id, error in self._problems:
            stored = self._archive.chat(chat_id) if chat_id is not None else None
            reported.append(ReportedError(stored.chat.title if stored else "", error.what, error.fix))
        if failure is not None:
            reported.append(ReportedError("", failure.what, failure.fix))
        return reported


def _stage_report(stage: StageSnapshot) -> StageReport:
    return StageReport(
        items=stage.items,
        busy_s=round(stage.busy_s, 3),
        wait_s=round(stage.wait_s, 3),
        queue_max=stage.high_water,
    )
