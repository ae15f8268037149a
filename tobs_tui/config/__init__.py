"""Every setting: its default, what it takes, and where its value came from.

`load_settings` reads, first wins: options, the environment, `.env`, what the screen saved once. All bad
settings are told together, and no secret is ever shown. `.env.example` documents exactly these settings.
"""

from tobs_tui.config.layers import describe, load_settings, save_settings, saved_settings_file
from tobs_tui.config.server import Proxy, PublicKey, ServerAddress
from tobs_tui.config.settings import Settings
from tobs_tui.config.values import DcRoutingStrategy, LogLevel, machine_timezone

__all__ = [
    "DcRoutingStrategy",
    "LogLevel",
    "Proxy",
    "PublicKey",
    "ServerAddress",
    "Settings",
    "describe",
    "load_settings",
    "machine_timezone",
    "save_settings",
    "saved_settings_file",
]
