"""Who we say we are, to which server, and by which way: the same for every connection of an account."""

from __future__ import annotations

import platform
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from telethon.tl import functions, types

from tobs_tui import __version__
from tobs_tui.telegram.proxy import Way, way_out

if TYPE_CHECKING:
    from tobs_tui.config import Settings


@dataclass(frozen=True, slots=True)
class Identity:
    """The application, the public keys expected of the server, and the way out."""

    api_id: int
    api_hash: str = field(repr=False)
    keys: frozenset[int]
    way: Way

    def greeting(self, query: Any) -> Any:
        """A new `initConnection` around `query`, with the truth about what is speaking."""
        return functions.InitConnectionRequest(
            api_id=self.api_id,
            device_model="tobs-tui",
            system_version=f"{platform.system()} {platform.release()}".strip() or "unknown",
            app_version=__version__,
            system_lang_code="en",
            lang_pack="",  # language packs are for official apps
            lang_code="en",
            query=query,
            proxy=types.InputClientProxy(*self.way.mtproxy) if self.way.mtproxy else None,
        )


def identity_of(settings: Settings, keys: frozenset[int]) -> Identity:
    """The identity that the settings give.

    :raises SettingsError: when API_ID or API_HASH is missing.
    """
    api_id, api_hash = settings.require_api()
    return Identity(api_id, api_hash, keys, way_out(settings.proxy))
