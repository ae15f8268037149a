"""`demo serve` and `demo export`: the embedded server, alone or with an export of all that it holds."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import platformdirs

from tobs_tui import text
from tobs_tui.errors import ServerUnreachable, UsageError

if TYPE_CHECKING:
    from tobs_tui.config import Settings

LARGEST = 256 << 20
"""Bytes of a file up to which `demo export` fetches it, unless MEDIA_MAX_FILE_SIZE says otherwise: a served
export may tell of gigabytes, and the server makes up what it does not hold."""


@dataclass(frozen=True, slots=True)
class DemoOptions:
    """The knobs that all demo commands share."""

    world: Path | None = None
    messages: int = 10_000
    chats: int = 24
    seed: int = 1
    rtt_ms: float = 0
    flood: float | None = None
    flood_wait: int = 3
    drop_every: int | None = None

    def as_words(self) -> list[str]:
        """The options as `demo serve` takes them."""
        words = ["--messages", str(self.messages), "--chats", str(self.chats), "--seed", str(self.seed)]
        words += ["--rtt-ms", str(self.rtt_ms), "--flood-wait", str(self.flood_wait)]
        for option, value in (
            ("--world", self.world),
            ("--flood", self.flood),
            ("--drop-every", self.drop_every),
        ):
            if value is not None:
                words += [option, str(value)]
        return words


def state_folder() -> Path:
    """Where the demo's server keeps its keys, and the demo's login lives."""
    return platformdirs.user_data_path("tobs-tui", appauthor=False) / "demo"


def serve(options: DemoOptions, *, port: int, password: str | None, with_parent: bool) -> int:
    """Run the server until SIGINT or SIGTERM; with a parent, until it has gone, too."""
    from tobs_tui.demo.knobs import Knobs
    from tobs_tui.demo.serve import serve as serve_until_stopped
    from tobs_tui.demo.server import DemoServer
    from tobs_tui.demo.world import generate_world

    if options.world is not None:
        from tobs_tui.demo.world import load_world

        try:
            world = load_world(options.world)
        except (OSError, ValueError) as error:
            raise UsageError(
                f"--world {options.world} can't be loaded: {text.for_terminal(str(error))}"
            ) from error
        for moved in world.remapped:
            line = f"{moved.source}: {moved.title!r} is {moved.now} here; its id {moved.was} was taken"
            print(text.for_terminal(line), file=sys.stderr)
    else:
        world = generate_world(seed=options.seed, messages=options.messages, chats=options.chats)
    knobs = Knobs(
        rtt_ms=options.rtt_ms,
        flood=options.flood,
        flood_wait=options.flood_wait,
        drop_every=options.drop_every,
    )
    server = DemoServer(world, knobs=knobs, state_dir=state_folder(), password=password)
    if with_parent:
        threading.Thread(target=_stop_with_parent, daemon=True).start()
    try:
        asyncio.run(serve_until_stopped(server, port=port))
    except OSError as error:
        raise UsageError(f"Port {port} can't be listened on: {error.strerror}") from error
    return 0


def _stop_with_parent() -> None:
    """Stop serving when standard input ends: whoever started us has gone."""
    while os.read(sys.stdin.fileno(), 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


def export_demo(options: DemoOptions, *, out: Path, as_json: bool) -> int:
    """Serve, log in, export everything, verify. The vault stays; the server goes."""
    from tobs_tui.cli.export import ExportRequest, export_chats
    from tobs_tui.cli.login import log_in
    from tobs_tui.cli.offline import verify_vault

    with running_server(options) as ready:
        settings = demo_settings(ready, out)
        if settings.origin("media_max_file_size") == "default":
            settings = demo_settings(ready, out, {"media_max_file_size": LARGEST})
        with _to_stderr():
            log_in(settings, phone=ready["phone"], code=ready["code"], password=ready["password"], qr=False)
        code = export_chats(settings, ExportRequest(everything=True, as_json=as_json))
    if code:
        return code
    with _to_stderr():
        return verify_vault(settings, [], as_json=False)


@contextmanager
def running_server(options: DemoOptions) -> Iterator[dict[str, Any]]:
    """A demo server in a process of its own; gives what `demo serve` prints when it is ready.

    It stands in a session of its own, so that Ctrl+C reaches only the exporter, and ends when its
    standard input does, so that it never outlives us.
    """
    command = [sys.executable, "-m", "tobs_tui", "demo", "serve", "--with-parent", *options.as_words()]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as server:
        try:
            assert server.stdout is not None
            line = server.stdout.readline()
            if not line:
                raise ServerUnreachable("The demo's server did not start", "What it said stands above")
            yield json.loads(line)
        finally:
            server.terminate()


def demo_settings(ready: dict[str, Any], out: Path, more: Mapping[str, object] | None = None) -> Settings:
    """Settings that point at the demo's server and at nothing of the person's own account."""
    from tobs_tui.config import load_settings

    return load_settings(
        {
            "api_id": 1,
            "api_hash": "demo",
            "phone_number": ready["phone"],
            "session_name": "demo",
            "session_dir": state_folder(),
            "export_path": out,
            "archive_path": out / ".tobs",
            "telegram_server": f"{ready['host']}:{ready['port']}",
            "telegram_dc_id": ready["dc_id"],
            "telegram_public_key": ready["public_key"],
            "proxy_url": "",
            **(more or {}),
        }
    )


@contextmanager
def _to_stderr() -> Iterator[None]:
    """Keep stdout for the run's own report."""
    from contextlib import redirect_stdout

    with redirect_stdout(sys.stderr):
        yield
