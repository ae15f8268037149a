"""tobs-tui: save your Telegram chats as a complete, linked Markdown vault."""

__version__ = "0.1.0"
