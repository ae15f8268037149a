"""Every action of the screens: its key, its words and what it does. The one registry.

Bindings, the key line at the bottom, help (F1) and the command palette are all made from it, so that they
cannot tell different things.
"""

from __future__ import annotations

from msgspec import Struct
from textual.binding import Binding


class Action(Struct, frozen=True):
    """One thing that can be done."""

    keys: str
    """As Textual names them, comma separated."""
    shown: str
    """How the key line writes them."""
    name: str
    """Textual's action."""
    label: str
    """A word or two."""
    help: str
    """One sentence."""
    footer: bool = True
    priority: bool = False
    """Works in a text field, too."""


EVERYWHERE = (
    Action("1", "1", "mode('chats')", "Chats", "Show the chats; a run goes on.", footer=False),
    Action("2", "2", "mode('run')", "Run", "Show the run, or its summary.", footer=False),
    Action("3", "3", "mode('archive')", "Archive", "Read and search what is saved.", footer=False),
    Action("escape", "esc", "step_back", "Back", "Go back one step; it never stops a run.", footer=False),
    Action("tab", "tab", "app.focus_next", "Next pane", "Put the focus on the next pane.", footer=False),
    Action("f1", "f1", "help", "Help", "What the keys do here.", priority=True),
    Action("question_mark", "?", "help", "Help", "What the keys do here.", footer=False),
    Action(
        "ctrl+p",
        "^p",
        "command_palette",
        "All commands",
        "Search all that can be done now.",
        footer=False,
        priority=True,
    ),
    Action(
        "q",
        "q",
        "leave('q')",
        "Leave",
        "Leave; stops a run safely first, pressed twice at once.",
        footer=True,
    ),
    Action(
        "ctrl+q",
        "^q",
        "leave('Ctrl+Q')",
        "Leave",
        "Leave, also while typing; stops a run safely first.",
        footer=False,
        priority=True,
    ),
    Action(
        "ctrl+c",
        "^c",
        "interrupt",
        "Leave or copy",
        "Copies selected text; without any, leaves like ^q.",
        footer=False,
        priority=True,
    ),
)

CHATS = (
    Action("enter", "⏎", "export", "Export…", "Choose how to export the marked chats, or this one."),
    Action("space", "space", "mark", "Mark", "Mark this chat or topic for export."),
    Action("slash", "/", "filter", "Filter", "Show only chats whose title, @name or id matches."),
    Action("t", "t", "cycle_type", "Type", "Show only one type of chats, or one folder."),
    Action("o", "o", "cycle_order", "Sort", "Sort by date, title, unread or size."),
    Action("v", "v", "preview", "Preview", "Show or hide the newest messages of a chat."),
    Action("a", "a", "mark_all", "Mark shown", "Mark all chats that are shown.", footer=False),
    Action("u", "u", "unmark_all", "Unmark all", "Take all marks away.", footer=False),
    Action("right", "→", "unfold(True)", "Unfold", "Show a forum's topics.", footer=False),
    Action("left", "←", "unfold(False)", "Fold", "Hide a forum's topics.", footer=False),
    Action("r", "r", "reload", "Reload", "Ask Telegram for the chats again.", footer=False),
)

OPTIONS = (
    Action("enter,ctrl+s", "⏎", "start", "Start", "Start the export with what stands here."),
    Action("f2", "f2", "next_preset", "Next preset", "Take the next preset's options."),
    Action("f3", "f3", "keep_preset", "Keep as preset", "Keep these options under a name."),
)

RUN = (
    Action("q", "q", "stop_and_leave", "Stop & leave", "Stop the export safely and leave; twice: at once."),
    Action("s", "s", "stop", "Stop", "Stop the export safely and stay here."),
    Action("p", "p", "pause", "Pause", "Pause the export, or let it go on."),
    Action("f", "f", "freeze", "Freeze", "Hold the picture while the work goes on."),
    Action("plus", "+ -", "workers(1)", "Workers", "One worker more."),
    Action("minus", "-", "workers(-1)", "Fewer workers", "One worker less.", footer=False),
    Action("l", "l", "log", "Log", "Show the log on the whole screen, or not."),
    Action("right", "→", "unfold(True)", "Show workers", "Show a chat's workers.", footer=False),
    Action("left", "←", "unfold(False)", "Hide workers", "Hide a chat's workers.", footer=False),
    Action("e", "e", "errors", "Errors", "Show what failed.", footer=False),
    Action("enter", "⏎", "sign_in", "Sign in", "Sign in again.", footer=False),
)

LOG = (
    Action("w", "w", "level", "Level", "Show warnings and up, all, or info and up."),
    Action("slash", "/", "search", "Search", "Show only lines with these words."),
    Action("y", "y", "copy", "Copy", "Copy what is shown to the clipboard."),
    Action("end", "end", "follow", "Follow", "Go to the end and follow it."),
)

SUMMARY = (
    Action("enter", "⏎", "open_note", "Open note", "Open the first note in your editor."),
    Action("o", "o", "obsidian", "Obsidian", "Open the note in Obsidian."),
    Action("c", "c", "copy_path", "Copy path", "Copy the vault's path to the clipboard."),
    Action("g", "g", "go_on", "Go on", "Fetch what is still missing."),
    Action("e", "e", "errors", "Errors", "Show all that failed."),
    Action("escape", "esc", "app.step_back", "Chats", "Go back to the chats."),
)

ARCHIVE = (
    Action("slash", "/", "search", "Search", "Search all saved messages as you type."),
    Action("enter", "⏎", "read", "Read", "Read the chat or the found message in place.", footer=False),
    Action("b", "b", "by_sender", "Sender", "Only messages of one sender."),
    Action("d", "d", "by_date", "Dates", "Only messages of some days."),
    Action("n", "n", "open_note", "Open note", "Open the note in your editor."),
    Action("o", "o", "obsidian", "Obsidian", "Open the note in Obsidian."),
)

LOGIN = (
    Action("enter", "⏎", "next", "Next", "Take what is typed and go on.", priority=True),
    Action("ctrl+r", "^r", "qr", "QR code", "Log in by scanning a code with your phone.", priority=True),
    Action("ctrl+d", "^d", "demo", "Try the demo", "See everything on invented chats.", priority=True),
)


def bindings(actions: tuple[Action, ...]) -> list[Binding]:
    """Textual's bindings of some actions."""
    return [
        Binding(
            action.keys,
            action.name,
            action.label,
            show=action.footer,
            key_display=action.shown,
            priority=action.priority,
            tooltip=action.help,
        )
        for action in actions
    ]
