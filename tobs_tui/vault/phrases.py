"""What service messages say, kind by kind, in the words that go after the time.

A phrase is our own (italic in a note); remote words follow it outside of the italics, as `Phrase.words`.
A kind that nobody has words for is named by itself.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, TypeAlias

from tobs_tui.model import Action, ChatType
from tobs_tui.vault.calendar import MONTHS
from tobs_tui.vault.escape import escape_name
from tobs_tui.vault.quantities import counted, duration, listed, money, number, period
from tobs_tui.vault.scene import Scene


class Phrase(NamedTuple):
    """`*Boris Li named the group* Lisboa!!`: the italic part, then what people said, escaped."""

    said: str
    words: str = ""


class Told(NamedTuple):
    """A service message with its names resolved and escaped."""

    action: Action
    who: str
    who_id: int | None
    moment: int
    scene: Scene

    @property
    def people(self) -> str:
        return listed(self.scene.written_names(self.action.people)) or "somebody"

    @property
    def peer(self) -> str:
        return "" if self.action.peer_id is None else self.scene.written_name(self.action.peer_id)

    @property
    def words(self) -> str:
        return escape_name(self.action.text or "")

    @property
    def price(self) -> str:
        return money(self.action.amount or 0, escape_name(self.action.currency or "XTR"))

    @property
    def date(self) -> str:
        return (
            ""
            if self.action.date is None
            else self.scene.calendar.clock_beside(self.action.date, self.moment)
        )

    @property
    def chat(self) -> str:
        return "channel" if self.scene.chat_type is ChatType.CHANNEL else "group"


Teller: TypeAlias = Callable[[Told], str | Phrase]


def phrase(told: Told) -> Phrase:
    """Return the words for a service message, whatever its kind."""
    tell = PHRASES.get(told.action.kind)
    said = tell(told) if tell is not None else _unknown(told)
    return said if isinstance(said, Phrase) else Phrase(said)


def _unknown(told: Told) -> Phrase:
    return Phrase(f"{told.who}: {escape_name(told.action.kind.replace('_', ' '))}", told.words)


def _created(told: Told) -> Phrase:
    people = tuple(person for person in told.action.people if person != told.who_id)
    beside = f" with {listed(told.scene.written_names(people))}" if people else ""
    return Phrase(f"{told.who} created the {told.chat}{beside}{':' if told.words else ''}", told.words)


def _added(told: Told) -> str:
    if told.action.people == (told.who_id,):
        return f"{told.who} joined the {told.chat}"
    return f"{told.who} added {told.people}"


def _removed(told: Told) -> str:
    if told.action.people == (told.who_id,):
        return f"{told.who} left the {told.chat}"
    return f"{told.who} removed {told.people}"


def _joined_by_link(told: Told) -> str:
    inviter = f" of {told.people}" if told.action.people and told.action.people[0] else ""
    return f"{told.who} joined the {told.chat} by a link{inviter}"


def _call(told: Told) -> str:
    what = "video call" if told.action.video else "call"
    if told.action.kind == "conference_call":
        what = f"group {what}"
    if told.action.reason == "missed":
        return f"missed {what} from {told.who}"
    if told.action.reason == "busy":
        return f"{what} from {told.who}, declined"
    if told.action.flag:
        return f"{what} from {told.who}, going on"
    length = f", {duration(told.action.seconds)}" if told.action.seconds else ""
    cut = ", disconnected" if told.action.reason == "disconnect" else ""
    return f"{what} from {told.who}{length}{cut}"


def _group_call(told: Told) -> str:
    what = "live stream" if told.scene.chat_type is ChatType.CHANNEL else "group call"
    if told.action.seconds is None:
        return f"{told.who} started a {what}"
    return f"{what} ended, {duration(told.action.seconds)}"


def _timer(told: Told) -> str:
    if not told.action.seconds:
        return f"{told.who} turned the self-destruct timer off"
    return f"{told.who} set messages to delete themselves after {period(told.action.seconds)}"


def _score(told: Told) -> str:
    return f"{told.who} scored {number(told.action.amount or 0)}"


def _payment(told: Told) -> str:
    recurring = ", recurring" if told.action.flag else ""
    return f"{told.who} paid {told.price}{recurring}"


def _bot_allowed(told: Told) -> Phrase:
    if told.words:
        return Phrase(f"{told.who} allowed messages from a bot by logging in to", told.words)
    return Phrase(f"{told.who} allowed messages from a bot")


def _proximity(told: Told) -> str:
    near = counted(told.action.amount or 0, "metre")
    people = told.scene.written_names(told.action.people)
    if len(people) == 2:
        return f"{people[0]} came within {near} of {people[1]}"
    return f"{told.people} came within {near}"


def _theme(told: Told) -> Phrase:
    if not told.words:
        return Phrase(f"{told.who} changed the chat's theme")
    return Phrase(f"{told.who} changed the chat's theme to", told.words)


def _topic_edit(told: Told) -> Phrase:
    if told.words:
        return Phrase(f"{told.who} renamed the topic to", told.words)
    if told.action.flag is not None:
        return Phrase(f"{told.who} {'closed' if told.action.flag else 'reopened'} the topic")
    if told.action.reason:
        return Phrase(f"{told.who} {'hid' if told.action.reason == 'hidden' else 'showed'} the topic")
    return Phrase(f"{told.who} changed the topic's icon")


def _premium(told: Told) -> Phrase:
    length = f" of {period(told.action.seconds)}" if told.action.seconds else ""
    price = f", {told.price}" if told.action.amount else ""
    return Phrase(f"{told.who} gave Premium{length}{price}{':' if told.words else ''}", told.words)


def _star_gift(told: Told) -> Phrase:
    price = f", {told.price}" if told.action.amount else ""
    return Phrase(f"{told.who} sent a gift{price}{':' if told.words else ''}", told.words)


def _prize(told: Told) -> str:
    origin = f" from {told.peer}" if told.peer else ""
    return f"{told.who} won {told.price} in a giveaway{origin}"


def _gift_code(told: Told) -> Phrase:
    length = f" of {period(told.action.seconds)}" if told.action.seconds else ""
    origin = f" from {told.peer}" if told.peer else ""
    return Phrase(
        f"{told.who} got a gift code for Premium{length}{origin}{':' if told.words else ''}", told.words
    )


def _giveaway(told: Told) -> str:
    return f"{told.who} started a giveaway{f' of {told.price}' if told.action.amount else ''}"


def _winners(told: Told) -> str:
    return f"{counted(told.action.amount or 0, 'winner')} of the giveaway drawn"


def _offer(told: Told) -> Phrase:
    answer = {True: ", accepted", False: ", declined", None: ""}[told.action.flag]
    return Phrase(f"{told.who} offered {told.price} for the gift{answer}", told.words)


def _offer_declined(told: Told) -> Phrase:
    how = "expired" if told.action.reason == "expired" else "was declined"
    return Phrase(f"the offer of {told.price} for the gift {how}", told.words)


def _price(told: Told) -> str:
    if not told.action.amount:
        return f"{told.who} made messages free"
    return f"{told.who} set the price of a message to {told.price}"


def _approval(told: Told) -> Phrase:
    if told.action.flag:
        due = f", to appear {told.date}" if told.date else ""
        return Phrase(f"{told.who} approved the suggested post{due}")
    return Phrase(f"{told.who} declined the suggested post{':' if told.words else ''}", told.words)


def _ticked(told: Told) -> str:
    how = "ticked" if told.action.flag is not False else "unticked"
    return f"{told.who} {how} {counted(told.action.amount or 0, 'task')}"


def _tasks(told: Told) -> Phrase:
    tasks = [escape_name(task) for task in (told.action.text or "").split("\n") if task.strip()]
    return Phrase(f"{told.who} added {counted(len(tasks), 'task')}:", ", ".join(tasks))


def _birthday(told: Told) -> Phrase:
    parts = (told.action.text or "").split("-")
    day, month = parts[-1], parts[-2] if len(parts) > 1 else ""
    if not (day.isdigit() and month.isdigit() and 1 <= int(month) <= 12):
        return Phrase(f"{told.who} suggested a birthday", told.words)
    year = f" {parts[0]}" if parts[0].isdigit() else ""
    return Phrase(f"{told.who} suggested the birthday {int(day)} {MONTHS[int(month) - 1]}{year}")


def _no_forwards(told: Told) -> str:
    return f"{told.who} {'forbade' if told.action.flag else 'allowed'} copying from this chat"


def _no_forwards_asked(told: Told) -> str:
    what = "forbid" if told.action.flag else "allow"
    expired = "; the request expired" if told.action.reason == "expired" else ""
    return f"{told.who} asked to {what} copying from this chat{expired}"


def _migrated_from(told: Told) -> Phrase:
    return Phrase(f"the group became a supergroup{'; it was' if told.words else ''}", told.words)


def _photo(told: Told) -> str:
    return f"{told.who} changed the {told.chat}'s photo"


def _wallpaper(told: Told) -> str:
    return f"{told.who} set a wallpaper{' for both' if told.action.flag else ''}"


def _plain(words: str) -> Teller:
    return lambda told: words.format(who=told.who, people=told.people, chat=told.chat, price=told.price)


def _with_words(words: str) -> Teller:
    """The phrase, then what was said; `words` ends as it must before that."""
    return lambda told: Phrase(words.format(who=told.who, chat=told.chat), told.words)


PHRASES: dict[str, Teller] = {
    "boost_apply": lambda told: (
        f"{told.who} boosted the {told.chat} {counted(told.action.amount or 1, 'time')}"
    ),
    "bot_allowed": _bot_allowed,
    "change_community": _plain("{who} changed the {chat}'s community"),
    "change_creator": _plain("{who} made {people} the owner"),
    "channel_create": _created,
    "channel_migrate_from": _migrated_from,
    "chat_add_user": _added,
    "chat_create": _created,
    "chat_delete_photo": _plain("{who} removed the {chat}'s photo"),
    "chat_delete_user": _removed,
    "chat_edit_photo": _photo,
    "chat_edit_title": _with_words("{who} named the {chat}"),
    "chat_joined_by_link": _joined_by_link,
    "chat_joined_by_request": _plain("{who} was let into the {chat} on request"),
    "chat_joined_via_community": _plain("{who} joined the {chat} from its community"),
    "chat_migrate_to": _plain("{who} made the group a supergroup"),
    "conference_call": _call,
    "contact_sign_up": _plain("{who} joined Telegram"),
    "custom_action": lambda told: Phrase("", told.words),
    "empty": _plain("an empty service message"),
    "game_score": _score,
    "geo_proximity_reached": _proximity,
    "gift_code": _gift_code,
    "gift_premium": _premium,
    "gift_stars": _plain("{who} gave {price}"),
    "gift_ton": _plain("{who} gave {price}"),
    "giveaway_launch": _giveaway,
    "giveaway_results": _winners,
    "group_call": _group_call,
    "group_call_scheduled": lambda told: f"{told.who} scheduled a group call for {told.date}",
    "history_clear": _plain("the history was cleared"),
    "invite_to_group_call": _plain("{who} invited {people} to the group call"),
    "managed_bot_created": _plain("{who} created the bot {people}"),
    "new_creator_pending": _plain("{people} becomes the owner if {who} doesn't return"),
    "no_forwards_request": _no_forwards_asked,
    "no_forwards_toggle": _no_forwards,
    "paid_messages_price": _price,
    "paid_messages_refunded": _plain("{who} gave {price} for messages back"),
    "payment_refunded": _plain("{price} were paid back"),
    "payment_sent": _payment,
    "payment_sent_me": _payment,
    "phone_call": _call,
    "pin_message": _plain("{who} pinned"),
    "poll_append_answer": _with_words("{who} added an answer to the poll:"),
    "poll_delete_answer": _with_words("{who} removed an answer from the poll:"),
    "prize_stars": _prize,
    "requested_peer": _plain("{who} shared {people} with the bot"),
    "requested_peer_sent_me": _plain("{who} shared {people} with the bot"),
    "screenshot_taken": _plain("{who} took a screenshot"),
    "secure_values_sent": _with_words("{who} sent Telegram Passport data:"),
    "secure_values_sent_me": _plain("{who} sent Telegram Passport data"),
    "set_chat_theme": _theme,
    "set_chat_wall_paper": _wallpaper,
    "set_messages_ttl": _timer,
    "star_gift": _star_gift,
    "star_gift_purchase_offer": _offer,
    "star_gift_purchase_offer_declined": _offer_declined,
    "star_gift_unique": _star_gift,
    "suggest_birthday": _birthday,
    "suggest_profile_photo": _plain("{who} suggested a profile photo"),
    "suggested_post_approval": _approval,
    "suggested_post_refund": _plain("the suggested post was refunded"),
    "suggested_post_success": _plain("the suggested post earned {price}"),
    "todo_append_tasks": _tasks,
    "todo_completions": _ticked,
    "topic_create": _with_words("{who} opened the topic"),
    "topic_edit": _topic_edit,
    "web_view_data_sent": _with_words("{who} sent data to the bot from"),
    "web_view_data_sent_me": _with_words("{who} sent data to the bot from"),
}
"""By `Action.kind`. The kinds are Telegram's (layer 223 and before)."""
