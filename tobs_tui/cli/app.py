"""The commands and their options, as contract.md of the project's design fixes them."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from tobs_tui.cli.arguments import chat_words, folder

app = typer.Typer(
    name="tobs-tui",
    help="Save your Telegram chats as a complete, linked Markdown vault.",
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
demo_app = typer.Typer(
    help="Try everything on an embedded Telegram server of invented chats; nothing leaves this machine.",
    pretty_exceptions_enable=False,
)
app.add_typer(demo_app, name="demo")


class Layout(StrEnum):
    daily = "daily"
    monthly = "monthly"
    single = "single"


Chats = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="CHAT…",
        help="A marked id (-1001234567890), an @username, a t.me link or the exact title; "
        "ID/TOPIC is one forum topic.",
        show_default=False,
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON on stdout.")]
Yes = Annotated[
    bool, typer.Option("--yes", "-y", help="Don't ask before a vault's layout or time zone changes.")
]
World = Annotated[
    Path | None,
    typer.Option("--world", metavar="FILE_OR_FOLDER", help="Serve Telegram Desktop exports instead."),
]
Messages = Annotated[int, typer.Option("--messages", min=1, max=1_000_000, help="Size of the largest chat.")]
_OUT = typer.Option("--out", parser=folder, metavar="PATH", help="The vault's folder.")
ChatCount = Annotated[int, typer.Option("--chats", min=1, max=5_000, help="Number of chats.")]
Seed = Annotated[int, typer.Option("--seed", help="Which invented world.")]
RttMs = Annotated[float, typer.Option("--rtt-ms", min=0, help="Milliseconds that each answer takes longer.")]
Flood = Annotated[
    float | None,
    typer.Option("--flood", min=0.1, help="getHistory requests a second before FLOOD_WAIT."),
]
FloodWait = Annotated[int, typer.Option("--flood-wait", min=1, help="Seconds of such a wait.")]
DropEvery = Annotated[
    int | None, typer.Option("--drop-every", min=2, help="Close the connection at each K-th request.")
]


@app.callback(invoke_without_command=True)
def screen(context: typer.Context) -> None:
    """Save your Telegram chats as a complete, linked Markdown vault. Without a command: the screen."""
    if context.invoked_subcommand is None:
        from tobs_tui.cli.running import run_bare
        from tobs_tui.cli.screen.main import open_screen

        run_bare(open_screen)


@app.command()
def login(
    phone: Annotated[str | None, typer.Option(help="Phone number, with country code.")] = None,
    code: Annotated[str | None, typer.Option(help="The code that Telegram sent.")] = None,
    password: Annotated[str | None, typer.Option(help="Two-step verification password.")] = None,
    qr: Annotated[bool, typer.Option("--qr", help="Show a QR code to scan with the phone.")] = False,
) -> None:
    """Log in; what is not given is asked for."""
    from tobs_tui.cli.login import log_in
    from tobs_tui.cli.running import run

    run(lambda settings: log_in(settings, phone=phone, code=code, password=password, qr=qr))


@app.command()
def logout() -> None:
    """End the session on the server and delete it here."""
    from tobs_tui.cli.login import log_out
    from tobs_tui.cli.running import run

    run(log_out)


@app.command()
def chats(
    as_json: AsJson = False,
    chat_type: Annotated[
        str | None,
        typer.Option("--type", help="saved, person, bot, group, supergroup, forum or channel."),
    ] = None,
    folder: Annotated[str | None, typer.Option(help="A folder's name, or `archive`.")] = None,
    search: Annotated[str | None, typer.Option(help="Part of a title, @name or id.")] = None,
    counts: Annotated[bool, typer.Option("--counts", help="Ask for each chat's message count.")] = False,
) -> None:
    """List the account's chats."""
    from tobs_tui.cli.chats import show_chats
    from tobs_tui.cli.running import run

    run(
        lambda settings: show_chats(
            settings, as_json=as_json, chat_type=chat_type, folder=folder, search=search, counts=counts
        )
    )


@app.command()
def export(
    chat: Chats = None,
    everything: Annotated[bool, typer.Option("--all", help="Every chat that can be read.")] = False,
    since: Annotated[str | None, typer.Option(help="First day or time, included.")] = None,
    until: Annotated[str | None, typer.Option(help="Last day or time, not included.")] = None,
    media: Annotated[
        str | None, typer.Option(metavar="KINDS|none", help="photo,video,audio,voice,video_note,…")
    ] = None,
    max_file_size: Annotated[str | None, typer.Option(metavar="SIZE", help="10M is 10 MiB.")] = None,
    formats: Annotated[str | None, typer.Option("--format", help="markdown,json")] = None,
    layout: Annotated[Layout | None, typer.Option(help="How messages are put into notes.")] = None,
    workers: Annotated[int | None, typer.Option(help="Worker clients; 0 lets the governor choose.")] = None,
    takeout: Annotated[bool, typer.Option("--takeout", help="Use an export session.")] = False,
    out: Annotated[Path | None, _OUT] = None,
    recheck: Annotated[bool, typer.Option("--recheck", help="Read again what is already saved.")] = False,
    accept_deletions: Annotated[
        bool, typer.Option("--accept-deletions", help="Mark messages deleted, however many they are.")
    ] = False,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Export chats into the vault, without a screen."""
    from tobs_tui.cli.export import ExportRequest, export_chats
    from tobs_tui.cli.running import run

    request = ExportRequest(
        chats=tuple(chat_words(chat or [])),
        everything=everything,
        since=since,
        until=until,
        recheck=recheck,
        accept_deletions=accept_deletions,
        yes=yes,
        as_json=as_json,
    )
    overrides = {
        "media_kinds": media,
        "media_max_file_size": max_file_size,
        "export_formats": formats,
        "note_layout": layout.value if layout else None,
        "shard_count": workers,
        "use_takeout": True if takeout else None,
        "export_path": out,
    }
    run(lambda settings: export_chats(settings, request), overrides, report_as_json=as_json)


@app.command()
def verify(
    chat: Chats = None,
    repair: Annotated[
        bool, typer.Option("--repair", help="Fetch again the files that are missing, short or altered.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Hold ledger, messages, notes and files against each other; offline but for --repair."""
    from tobs_tui.cli.running import run

    words = chat_words(chat or [])
    if repair:
        from tobs_tui.cli.repair import repair_vault

        run(lambda settings: repair_vault(settings, words, as_json=as_json))
    from tobs_tui.cli.offline import verify_vault

    run(lambda settings: verify_vault(settings, words, as_json=as_json))


@app.command()
def publish(chat: Chats = None, yes: Yes = False) -> None:
    """Render the notes again from the archive, with no network."""
    from tobs_tui.cli.offline import publish_notes
    from tobs_tui.cli.running import run

    run(lambda settings: publish_notes(settings, chat_words(chat or []), yes=yes))


@app.command()
def search(
    text: Annotated[str, typer.Argument(metavar="TEXT")],
    chat: Annotated[str | None, typer.Option(help="Only in this chat.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many hits at the most.")] = 100,
    as_json: AsJson = False,
) -> None:
    """Search the archive's messages."""
    from tobs_tui.cli.offline import search_archive
    from tobs_tui.cli.running import run

    word = chat_words([chat])[0] if chat else None
    run(lambda settings: search_archive(settings, text, chat=word, limit=limit, as_json=as_json))


@app.command()
def sessions(
    gc: Annotated[bool, typer.Option("--gc", help="Remove now what need not stay.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only tell.")] = False,
    as_json: AsJson = False,
) -> None:
    """List session files, and why each stays or goes."""
    from tobs_tui.cli.running import run
    from tobs_tui.cli.sessions import show_sessions

    run(lambda settings: show_sessions(settings, gc=gc, dry_run=dry_run, as_json=as_json))


@app.command()
def config() -> None:
    """Print every setting, its value and where it came from."""
    from tobs_tui.cli.offline import show_settings
    from tobs_tui.cli.running import run

    run(show_settings)


@demo_app.callback(invoke_without_command=True)
def demo_screen(
    context: typer.Context,
    out: Annotated[Path, _OUT] = Path("demo-vault"),
    world: World = None,
    messages: Messages = 10_000,
    chat_count: ChatCount = 24,
    seed: Seed = 1,
    rtt_ms: RttMs = 0,
    flood: Flood = None,
    flood_wait: FloodWait = 3,
    drop_every: DropEvery = None,
) -> None:
    """Try everything on an embedded server of invented chats. Without a command: the screen on them."""
    if context.invoked_subcommand is None:
        from tobs_tui.cli.demo import DemoOptions
        from tobs_tui.cli.running import run_bare
        from tobs_tui.cli.screen.main import open_demo

        options = DemoOptions(world, messages, chat_count, seed, rtt_ms, flood, flood_wait, drop_every)
        run_bare(lambda: open_demo(options, out))


@demo_app.command("serve")
def demo_serve(
    port: Annotated[int, typer.Option(help="0 takes a free one.")] = 0,
    world: World = None,
    messages: Messages = 10_000,
    chat_count: ChatCount = 24,
    seed: Seed = 1,
    rtt_ms: RttMs = 0,
    flood: Flood = None,
    flood_wait: FloodWait = 3,
    drop_every: DropEvery = None,
    password: Annotated[str | None, typer.Option(help="Two-step verification password.")] = None,
    with_parent: Annotated[bool, typer.Option("--with-parent", hidden=True)] = False,
) -> None:
    """Run only the server; one JSON line on stdout tells how to reach it."""
    from tobs_tui.cli.demo import DemoOptions, serve
    from tobs_tui.cli.running import run_bare

    options = DemoOptions(world, messages, chat_count, seed, rtt_ms, flood, flood_wait, drop_every)
    run_bare(lambda: serve(options, port=port, password=password, with_parent=with_parent))


@demo_app.command("export")
def demo_export(
    out: Annotated[Path, _OUT] = Path("demo-vault"),
    world: World = None,
    messages: Messages = 10_000,
    chat_count: ChatCount = 24,
    seed: Seed = 1,
    rtt_ms: RttMs = 0,
    flood: Flood = None,
    flood_wait: FloodWait = 3,
    drop_every: DropEvery = None,
    as_json: AsJson = False,
) -> None:
    """Start the server, log in, export every chat, verify, and tell where the vault is."""
    from tobs_tui.cli.demo import DemoOptions, export_demo
    from tobs_tui.cli.running import run_bare

    options = DemoOptions(world, messages, chat_count, seed, rtt_ms, flood, flood_wait, drop_every)
    run_bare(lambda: export_demo(options, out=out, as_json=as_json), report_as_json=as_json)
