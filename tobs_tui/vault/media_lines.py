"""What a message shows besides its text: remarks, lines before the text, blocks after it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tobs_tui.model import (
    Contact,
    Dice,
    File,
    Game,
    Giveaway,
    Gone,
    Invoice,
    Location,
    Media,
    OtherMedia,
    PaidMedia,
    Poll,
    PollAnswer,
    TodoItem,
    TodoList,
    WebPage,
)
from tobs_tui.vault.blocks import Block, quoted, text_blocks
from tobs_tui.vault.escape import escape_line, escape_name, one_line
from tobs_tui.vault.file_lines import album_line, album_remarks, file_line, file_remark
from tobs_tui.vault.links import destination, live_url
from tobs_tui.vault.quantities import counted, listed, money, period
from tobs_tui.vault.quotes import KIND_WORDS
from tobs_tui.vault.scene import Scene

_PREVIEW_LIMIT = 600
"""Characters of a page's description that a note shows."""


@dataclass(slots=True)
class Shown:
    """How a medium appears: italics in the sender's line, lines before the text, blocks after it."""

    remarks: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    after: list[Block] = field(default_factory=list)


def show(media: Media, scene: Scene, moment: int) -> Shown:
    """Return what a note shows of a medium in a message of that date."""
    return _BY_TYPE[type(media)](media, scene, moment)


def _file(file: File, scene: Scene, moment: int) -> Shown:
    remark, line = file_remark(file, scene), file_line(file, scene)
    return Shown([remark] if remark else [], [line] if line else [])


def _gone(gone: Gone, scene: Scene, moment: int) -> Shown:
    return Shown([f"{KIND_WORDS[gone.kind]}, self-destructed"])


def _paid(paid: PaidMedia, scene: Scene, moment: int) -> Shown:
    price = f"paid media, {money(paid.stars, 'XTR')}"
    if not paid.files:
        return Shown([f"{price}, locked"])
    if len(paid.files) == 1:
        shown = _file(paid.files[0], scene, moment)
        return Shown([price, *shown.remarks], shown.lines)
    return Shown([price, *album_remarks(paid.files, len(paid.files), scene)], album_line(paid.files, scene))


def _contact(contact: Contact, scene: Scene, moment: int) -> Shown:
    name = one_line(f"{contact.first_name} {contact.last_name}", 200)
    said = [escape_line(name)] if name else []
    if contact.phone:
        said.append(escape_line(one_line(contact.phone, 40), at_start=not said))
    return Shown(["contact"], [" · ".join(said)] if said else [])


def _location(location: Location, scene: Scene, moment: int) -> Shown:
    place = f"{location.latitude:.5f}, {location.longitude:.5f}"
    query = f"mlat={location.latitude:.5f}&mlon={location.longitude:.5f}"
    lines = [_own_line(text) for text in (location.title, location.address) if text]
    lines.append(f"[{place}](<https://www.openstreetmap.org/?{query}>)")
    if location.live_seconds is not None:
        return Shown([f"live location, {period(location.live_seconds)}"], lines)
    return Shown(["place" if location.title else "location"], lines)


def _poll(poll: Poll, scene: Scene, moment: int) -> Shown:
    said = ["quiz" if poll.quiz else "poll"]
    if poll.voters is not None:
        said.append(counted(poll.voters, "vote" if not poll.multiple else "voter"))
    if poll.closed:
        said.append("closed")
    answers = "\n".join(_answer(answer, poll) for answer in poll.answers)
    after = [Block(answers, is_paragraph=False)] if answers else []
    if poll.solution:
        after.append(Block(f"*explanation:* {escape_name(poll.solution)}"))
    return Shown([", ".join(said)], [_own_line(poll.question)], after)


def _answer(answer: PollAnswer, poll: Poll) -> str:
    if poll.quiz:
        mark = " ✓" if answer.correct else " ✗" if answer.chosen else ""
    else:
        mark = " ✓" if answer.chosen else ""
    if answer.voters is None:
        return f"- {escape_line(one_line(answer.text))}{mark}"
    share = f" ({round(100 * answer.voters / poll.voters)} %)" if poll.voters else ""
    return f"- {answer.voters}{share} · {escape_name(answer.text)}{mark}"


def _todo(todo: TodoList, scene: Scene, moment: int) -> Shown:
    done = sum(item.done_date is not None or item.done_by is not None for item in todo.items)
    items = "\n".join(_item(item, scene, moment) for item in todo.items)
    return Shown(
        [f"checklist, {done} of {len(todo.items)} done"],
        [_own_line(todo.title)],
        [Block(items, is_paragraph=False)] if items else [],
    )


def _item(item: TodoItem, scene: Scene, moment: int) -> str:
    # Not `- [x]`: other people's tasks stay out of one's own task lists.
    if item.done_by is None and item.done_date is None:
        return f"- ○ {escape_name(item.text)}"
    said = [] if item.done_by is None else [scene.written_name(item.done_by)]
    if item.done_date is not None:
        said.append(scene.calendar.clock_beside(item.done_date, moment))
    return f"- ✓ {escape_name(item.text)} · *{', '.join(said)}*"


def _web_page(page: WebPage, scene: Scene, moment: int) -> Shown:
    title = one_line(page.title or page.site or "", 200)
    description = text_blocks(_shortened(page.description or ""))
    if not title and not description:
        return Shown()
    address = live_url(page.url)
    label = escape_line(title or one_line(page.url, 200), at_start=address is None)
    head = f"[{label}](<{destination(address)}>)" if address else label
    quote = [f"{head} · *link preview*"]
    if description:
        quote.append(description[0].markdown)
    text = "  \n".join(quote) + "".join(f"\n\n{block.markdown}" for block in description[1:])
    return Shown(after=[Block(quoted(text), is_paragraph=False)])


def _shortened(text: str) -> str:
    return text if len(text) <= _PREVIEW_LIMIT else text[: _PREVIEW_LIMIT - 1].rstrip() + "…"


def _game(game: Game, scene: Scene, moment: int) -> Shown:
    return Shown(["game"], [_own_line(text) for text in (game.title, game.description) if text])


def _invoice(invoice: Invoice, scene: Scene, moment: int) -> Shown:
    price = money(invoice.amount, escape_name(invoice.currency))
    paid = ", paid" if invoice.receipt_message_id else ""
    lines = [_own_line(text) for text in (invoice.title, invoice.description) if text]
    return Shown([f"invoice, {price}{paid}"], lines)


def _dice(dice: Dice, scene: Scene, moment: int) -> Shown:
    return Shown(["dice"], [f"{escape_line(one_line(dice.emoji, 20))} {dice.value}"])


def _giveaway(giveaway: Giveaway, scene: Scene, moment: int) -> Shown:
    said = ["results of a giveaway" if giveaway.winners else "giveaway"]
    if giveaway.quantity:
        said.append(counted(giveaway.quantity, "prize"))
    if giveaway.months:
        said.append(f"{counted(giveaway.months, 'month')} of Premium each")
    if giveaway.stars:
        said.append(money(giveaway.stars, "XTR"))
    if giveaway.until_date:
        said.append(f"until {scene.calendar.moment(giveaway.until_date)}")
    lines = [_own_line(giveaway.prize)] if giveaway.prize else []
    if giveaway.winners:
        lines.append(f"*winners:* {listed(scene.written_names(giveaway.winners))}")
    return Shown([", ".join(said)], lines)


def _other(media: OtherMedia, scene: Scene, moment: int) -> Shown:
    return Shown([f"{escape_name(media.name.replace('_', ' '))}, kept in the archive"])


def _own_line(text: str) -> str:
    return escape_line(one_line(text, 1000))


_BY_TYPE: dict[type, Callable[[Any, Scene, int], Shown]] = {
    File: _file,
    Gone: _gone,
    PaidMedia: _paid,
    Contact: _contact,
    Location: _location,
    Poll: _poll,
    TodoList: _todo,
    WebPage: _web_page,
    Game: _game,
    Invoice: _invoice,
    Dice: _dice,
    Giveaway: _giveaway,
    OtherMedia: _other,
}
