"""How the demo server behaves as a network: far, strict, flaky. Nothing here changes the data."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Knobs:
    """The server's behaviour as the command line sets it."""

    rtt_ms: float = 0
    """Milliseconds added to each answer. Answers are delayed, never queued one behind the other."""
    flood: float | None = None
    """messages.getHistory requests a second per account, before FLOOD_WAIT; None: no limit."""
    flood_wait: int = 3
    """Seconds of FLOOD_WAIT_X; every further getHistory is refused until they have passed."""
    drop_every: int | None = None
    """Each K-th messages.getHistory is answered by closing the connection."""
    takeout_delay: int | None = None
    """initTakeoutSession answers TAKEOUT_INIT_DELAY_X with these seconds until they have passed."""
    qr_accept_after: float | None = None
    """Seconds after which a QR token that a client shows is accepted by itself; None: by nobody."""
    gzip_from: int | None = 4096
    """Answers of at least so many bytes that a handler returned as objects go out gzipped where that
    saves space; ready bytes stay as they are unless `gzip_ready` is set. None: never."""
    gzip_ready: bool = False
    """Gzip ready bytes (history pages) too, as Telegram does; it costs more CPU than the rest together."""
