"""How an account comes in and goes: codes, password, QR tokens, other DCs, takeouts, the server's config.

Importing this package registers the handlers.
"""

from tobs_tui.demo.login import account, code, config, qr, transfer, two_step

__all__ = ["account", "code", "config", "qr", "transfer", "two_step"]
