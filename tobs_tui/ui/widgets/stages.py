"""A gauge for each stage: how fast, how full, how busy, how long, how many failed."""

from __future__ import annotations

from collections.abc import Hashable

from msgspec import Struct
from textual.content import Content

from tobs_tui.export.gauges import StageSnapshot
from tobs_tui.ui import words
from tobs_tui.ui.drawing import BOLD, FAILED, MOVING, MUTED, WAITING, bar, left, right, sparkline
from tobs_tui.ui.pace import Figures, resample
from tobs_tui.ui.state_line import CROWDED, queue_words
from tobs_tui.ui.widgets.row_list import RowList

HEADING = "heading"


class StageRow(Struct, frozen=True):
    """What one line tells. Bars are of now, numbers of the last second."""

    name: str
    rate: float | None
    course: tuple[float, ...]
    fill: float
    queue: str
    busy: float | None
    took: str
    failed: int
    crowded: bool


class _Places(Struct, frozen=True):
    spark: int
    bar: int
    queue: int
    long: bool
    """Whether times and failures have room."""


def stage_rows(
    now: tuple[StageSnapshot, ...], second: tuple[StageSnapshot, ...], figures: Figures
) -> list[StageRow]:
    """Rows from the picture of now, that of the last second, and its figures."""
    of_second = {stage.name: stage for stage in second}
    rows = []
    for stage in now:
        then = of_second.get(stage.name, stage)
        fill = stage.queued / stage.capacity if stage.capacity else 0.0
        rows.append(
            StageRow(
                name=stage.name.capitalize(),
                rate=figures.stages.get(stage.name),
                course=figures.course.get(stage.name, ()),
                # In halves of the cells that a bar has at the most, so that equal bars are equal rows.
                fill=round(fill * 64) / 64,
                queue=queue_words(then),
                busy=figures.busy.get(stage.name),
                took=words.latency(then.p50_s, then.p95_s) if then.units else words.UNKNOWN,
                failed=then.failed,
                crowded=stage.name not in ("fetch", "media") and fill >= CROWDED,
            )
        )
    return rows


class StagesPane(RowList[StageRow]):
    """One line a stage under a line of headings; nothing to choose."""

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id, with_cursor=False)

    def key_of(self, row: StageRow) -> Hashable:
        return row.name

    def draw(self, row: StageRow, width: int) -> Content:
        places = _places(width)
        if row.name == HEADING:
            return _heading(places)
        queue_style = WAITING if row.crowded else ""
        parts: list[Content | tuple[str, str] | str] = [
            (left(f" {row.name}", 9), BOLD),
            right(words.rate(row.rate), 9),
            "  ",
            (sparkline(resample(row.course, places.spark), places.spark), MOVING),
            "  ",
            bar(row.fill, places.bar, WAITING if row.crowded else MOVING),
            (f"  {left(row.queue, places.queue)}", queue_style),
            right(words.share(row.busy) if row.busy is not None else words.UNKNOWN, 6),
        ]
        if places.long:
            parts.append(right(row.took, 22))
            parts.append((right(f"{row.failed:,}", 9), FAILED if row.failed else MUTED))
        return Content.assemble(*parts)

    def set_stages(self, rows: list[StageRow]) -> None:
        if len(self.rows) != len(rows) + 1:
            self.styles.height = len(rows) + 1
        self.set_rows([_HEADING_ROW, *rows])


_HEADING_ROW = StageRow(HEADING, None, (), 0.0, "", None, "", 0, False)


def _places(width: int) -> _Places:
    long = width >= 106
    room = width - 9 - 9 - 2 - 2 - 2 - 6 - (31 if long else 0)
    queue = 19 if width < 90 else 22
    room -= queue
    gauge = max(6, min(24, room // 2))
    return _Places(spark=max(4, min(60, room - gauge - 1)), bar=gauge, queue=queue, long=long)


def _heading(places: _Places) -> Content:
    text = (
        " " * 9
        + right("Messages", 9)
        + "  "
        + left("Last minute", places.spark)
        + "  "
        + left("Waiting to go in", places.bar + 2 + places.queue)
        + right("Busy", 6)
    )
    if places.long:
        text += right("Took, half · 95 %", 22) + right("Failed", 9)
    return Content.styled(text, MUTED)
