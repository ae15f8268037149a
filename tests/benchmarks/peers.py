"""Other people's exporters, each installed in an environment of its own and run on the demo server.

Their code is as the package registry has it; `peer_start.py` points Telethon at the demo. Both get the
Telethon and the cryptg that we have: the demo speaks that layer alone, and no difference shall come from
there. Each writes its own output (tg-archive an SQLite file, telegram-download-chat JSON and text), whose
messages are counted.
"""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import venv
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import platformdirs
import yaml

from tests.benchmarks.contenders import Measured, cpu_seconds

START = Path(__file__).with_name("peer_start.py")


class PeerFailed(Exception):
    """A peer could not be installed or did not do its job. The text holds what it said."""


@dataclass(frozen=True)
class Peer:
    """One exporter of somebody else's."""

    name: str
    requirement: str
    entry: str
    """Its console script's function."""
    session: Callable[[Path], Path]
    """Where it keeps its login, by its home."""
    prepare: Callable[[Path, str, int], list[str]]
    """Writes its configuration, for a chat's @username and a limit of messages or 0; gives its arguments."""
    count: Callable[[Path], int]
    """How many messages its output holds."""


def _tg_archive(home: Path, chat: str, limit: int) -> list[str]:
    """Its waits are off, and its avatars: without a picture it would look for one at each message."""
    settings = {
        "api_id": 1,
        "api_hash": "benchmark",
        "group": chat,
        "download_avatars": False,
        "download_media": False,
        "media_dir": str(home / "media"),
        "fetch_wait": 0,
        "fetch_limit": limit,
    }
    (home / "config.yaml").write_text(yaml.safe_dump(settings))
    return [
        "--sync",
        f"--config={home / 'config.yaml'}",
        f"--data={home / 'data.sqlite'}",
        f"--session={home / 'session.session'}",
    ]


def _rows(home: Path) -> int:
    with sqlite3.connect(home / "data.sqlite") as db:
        return int(db.execute("SELECT count(*) FROM messages").fetchone()[0])


def _download_chat(home: Path, chat: str, limit: int) -> list[str]:
    folder = home / ".local" / "share" / "telegram-download-chat"
    settings = {"settings": {"api_id": 1, "api_hash": "benchmark", "save_path": str(home / "out")}}
    (folder / "config.yml").write_text(yaml.safe_dump(settings))
    return [*(["--limit", str(limit)] if limit else []), "--overwrite", chat]


def _json_messages(home: Path) -> int:
    written = max((home / "out").rglob("*.json"), key=lambda path: path.stat().st_size)
    found = json.loads(written.read_text(encoding="utf-8"))
    return len(found if isinstance(found, list) else found["messages"])


PEERS = (
    Peer(
        "tg-archive",
        "tg-archive==1.3.1",
        "tgarchive:main",
        lambda home: home / "session.session",
        _tg_archive,
        _rows,
    ),
    Peer(
        "telegram-download-chat",
        "telegram-download-chat==0.15.0",
        "telegram_download_chat.cli:main",
        lambda home: home / ".local" / "share" / "telegram-download-chat" / "session.session",
        _download_chat,
        _json_messages,
    ),
)


def cache_folder() -> Path:
    """Where the peers' environments are kept from run to run."""
    return platformdirs.user_cache_path("tobs-tui", appauthor=False) / "benchmark-peers"


def install(peer: Peer, folder: Path) -> Path:
    """The Python of the peer's environment, made at its first use. :raises PeerFailed:"""
    place = folder / peer.name
    python = place / "bin" / "python"
    if not (place / "installed").exists():
        print(f"installing {peer.requirement} into {place}", file=sys.stderr)
        venv.create(place, with_pip=True, clear=True)
        pip = [str(python), "-m", "pip", "install", "--quiet"]
        _call([*pip, peer.requirement], os.environ)
        _call([*pip, *(f"{name}=={version(name)}" for name in ("telethon", "cryptg"))], os.environ)
        (place / "installed").touch()
    return python


def run_peer(
    peer: Peer, python: Path, ready: Mapping[str, Any], server_pid: int, home: Path, chat: str, limit: int
) -> Measured:
    """Have a peer export a chat, by its @username, into its own output.

    :param limit: so many messages, those that it takes first; 0: all.
    :raises PeerFailed: it did not, or not wholly.
    """
    session = peer.session(home)
    session.parent.mkdir(parents=True, exist_ok=True)
    env = {"PATH": os.environ["PATH"], "HOME": str(home), "PYTHONUTF8": "1", "TMPDIR": str(home)}
    command = [str(python), str(START)]
    told = json.dumps(ready)
    _call([*command, "login", told, str(session)], env)
    arguments = peer.prepare(home, chat, limit)
    before = cpu_seconds(server_pid)
    said = _call([*command, "run", told, peer.entry, *arguments], env)
    cost = json.loads(said.splitlines()[-1])
    return Measured(
        name=peer.name,
        messages=peer.count(home),
        seconds=cost["seconds"],
        cpu_s=cost["cpu_s"],
        server_cpu_s=cpu_seconds(server_pid) - before,
        peak_mb=cost["peak_mb"],
    )


def _call(command: list[str], env: Mapping[str, str]) -> str:
    home = env.get("TMPDIR")
    done = subprocess.run(
        command,
        env=dict(env),
        cwd=home,
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    if done.returncode:
        raise PeerFailed(f"{command}\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}")
    return done.stdout
