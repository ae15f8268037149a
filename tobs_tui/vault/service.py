"""A service message as one quiet paragraph: `*13:40 · Boris Li pinned* [[…]] ^m48234`."""

from __future__ import annotations

from tobs_tui.archive.values import StoredMessage
from tobs_tui.model import Action
from tobs_tui.vault.blocks import BREAK
from tobs_tui.vault.escape import escape_name
from tobs_tui.vault.file_lines import file_line, file_remark, is_here
from tobs_tui.vault.phrases import Told, phrase
from tobs_tui.vault.quotes import ASIDE_LIMIT, link
from tobs_tui.vault.scene import Scene

_POINTERS = {"pin_message": "", "game_score": "in", "payment_sent": "for", "payment_sent_me": "for"}
"""Actions whose phrase goes on to the message that they are about, and the word between."""


def service_paragraph(stored: StoredMessage, action: Action, scene: Scene, deleted: str | None) -> str:
    """Return the paragraph without its block id; `deleted` is the remark on a message deleted later."""
    message = stored.message
    who = escape_name(scene.sender(message))
    told = phrase(Told(action, who, message.sender_id, message.date, scene))
    said = told.said
    pointer = _pointer(action, message.chat_id, scene)
    if pointer is None and action.kind == "pin_message":
        said += " a message that isn't here"
    time = scene.calendar.clock(message.date)
    away = action.file is not None and not is_here(action.file, scene)
    missing = file_remark(action.file, scene) if action.file is not None and away else None
    parts = [f"*{' · '.join(filter(None, (time, said, missing, deleted)))}*"]
    parts += [part for part in (told.words, pointer) if part]
    line = " ".join(parts)
    if action.file is not None and not away:
        line += f"{BREAK}{file_line(action.file, scene, width=240)}"
    return line


def _pointer(action: Action, chat_id: int, scene: Scene) -> str | None:
    if action.message_id is None:
        return None
    target = scene.targets.get((chat_id, action.message_id))
    if target is None:
        return None
    between = _POINTERS.get(action.kind, "·")
    return f"{between} {link(target, scene, limit=ASIDE_LIMIT)}".strip()
