"""What listing needs of an account: asking one request through the governor."""

from __future__ import annotations

from typing import Any, Protocol


class Asks(Protocol):
    """An account that asks Telegram: floods are waited out, broken connections mended, errors translated."""

    @property
    def own_id(self) -> int:
        """The account's own user id."""

    async def ask(self, request: Any, *, of: str = "", chat: str = "") -> Any:
        """The answer to one request of the class `of` (empty: by the request); `chat` is for errors.

        :raises TobsError: translated, when the request can't be answered.
        """
