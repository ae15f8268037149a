"""Telethon's objects -> the domain's values: CPU only, no I/O, and no message stops a page."""

from tobs_tui.telegram.convert.page import convert_page, page_covers
from tobs_tui.telegram.convert.people import chat_title, person_of, user_name
from tobs_tui.telegram.convert.raw import RawPage

__all__ = ["RawPage", "chat_title", "convert_page", "page_covers", "person_of", "user_name"]
