"""No secret gets into a line; what only looks a little like one stays readable."""

from __future__ import annotations

import base64
import logging
from collections.abc import Iterator
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tobs_tui.logs import Line, LogBatcher, redact, redacted
from tobs_tui.logs.redaction import forget_secrets

KEY = bytes(range(256))
SESSION = "1" + base64.urlsafe_b64encode(KEY[7:] + b"\0" * 14).decode()


@pytest.fixture(autouse=True)
def no_secrets_told() -> Iterator[None]:
    forget_secrets()
    yield
    forget_secrets()


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("hash 0123456789abcdef0123456789ABCDEF used", "0123456789abcdef"),
        (f"auth key {KEY.hex()}", KEY.hex()[:40]),
        (f"auth key {KEY!r}", r"\xfe"),
        (f"key {base64.b64encode(KEY).decode()}.", base64.b64encode(KEY).decode()[10:60]),
        (f"session {SESSION}", SESSION[5:50]),
        ("login token AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA1", "AQIDBAUGBwgJ"),
        ("phone +351912345678 banned", "912345678"),
        ("phone +351 912 345 678.", "345"),
        ("phone +1 (415) 555-0123", "555"),
        ("(phone_number='351912345678', api_id=5)", "351912345678"),
        ("SendCode(api_hash='x y', phone_code_hash=\"ab'c\")", "x y"),
        ("SendCode(api_hash='x y', phone_code_hash=\"ab'c\")", "ab'c"),
        ('{"password": "pa55 word", "x": 1}', "pa55"),
        ("password=pa55word, next", "pa55word"),
        ("PHONE_CODE = 48291", "48291"),
        ("proxy socks5://anna:pa55word@proxy:1080 refused", "pa55word"),
        ("tg://proxy?server=h&port=1&secret=dd0011", "dd0011"),
        ("bot 123456789:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw8 used", "AAHdqTcvCH1"),
    ],
)
def test_what_looks_like_a_secret_is_hidden(text: str, secret: str) -> None:
    assert secret in text
    assert secret not in redacted(text)
    assert "••••" in redacted(text)


@pytest.mark.parametrize(
    "text",
    [
        "Trip to Lisbon (-1001234567890): complete, 532 new, 41 notes",
        "message 2,214 of -1009876543210: video is gone from Telegram",
        "m13546–18060 fetched by worker 1 on DC 4",
        "2025-01-05T10:00:00+01:00 and 2025-01-05 10:00:00+0000",
        "archive of account 5512345678 on key:1a2b3c4d5e6f7081",
        "server 127.0.0.1:44301 dc 2 answered",
        "https://t.me/c/1234567890/48210 and https://example.org/@anna",
        "/home/anna/Notes/Telegram/Rust-Lisboa-Jobs/Rust-Lisboa-Jobs-2025-01-05-part-2.md",
        "/home/anna/" + "Deep/Folder1/" * 7 + "x.md",
        "password: not accepted",
        "async_pipeline_process_queue_size_high_water_mark reached",
        "2 + 1234567 messages",
        "SECRET: none",
    ],
)
def test_ids_paths_and_words_stay_readable(text: str) -> None:
    assert redacted(text) == text


def test_told_secrets_are_hidden_in_every_form() -> None:
    redact("p@ss/w'ord")
    redact("+351912345678")
    for form in ("p@ss/w'ord", quote("p@ss/w'ord", safe=""), repr("p@ss/w'ord\n")[1:-3]):
        assert redacted(f"a {form} b") == "a •••• b"
    assert redacted("xp@ss/w'ordx") == "x••••x"
    assert redacted("from 351912345678 to") == "from •••• to"


def test_a_short_code_is_hidden_only_where_it_stands_alone() -> None:
    redact("48213")
    redact("")
    redact("a")
    assert redacted("code 48213, m48213, 1482130, a") == "code ••••, m48213, 1482130, a"


def test_the_longer_of_two_told_secrets_goes_first() -> None:
    redact("hunter22")
    redact("hunter2222")
    assert redacted("hunter2222") == "••••"


def test_lines_and_the_open_batch_hold_no_secret() -> None:
    redact("hunter22")
    batcher = LogBatcher(60)
    lines: list[Line] = []
    batcher.subscribe(lines.append)
    batcher.emit(logging.INFO, "tried %s", "hunter22")
    assert batcher.open_batch() == (("tried ••••", 1),)
    batcher.emit(logging.ERROR, "no login for %s", "+351912345678")
    batcher.close()
    assert [line.text for line in lines] == ["tried ••••", "no login for ••••"]


@given(st.text(max_size=300))
def test_redaction_never_fails(text: str) -> None:
    assert isinstance(redacted(text), str)


def test_long_hostile_text_is_done_quickly() -> None:
    for text in ("b'" * 4000, "password=" * 900, "+1 " * 2600, "a1B" * 2600, "://" * 2600, "'\\" * 4000):
        redacted(text)
