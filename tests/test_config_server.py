"""Server addresses, public keys and proxies: every form that people have, and clear words for the rest."""

from __future__ import annotations

from pathlib import Path

import pytest
import rsa

from tobs_tui.config import Proxy, PublicKey, ServerAddress, Settings, load_settings
from tobs_tui.errors import SettingsError

# Telegram's own production key and the fingerprint that its documentation gives for it.
TELEGRAM_KEY = """-----BEGIN RSA PUBLIC KEY-----
MIIBCgKCAQEA6LszBcC1LGzyr992NzE0ieY+BSaOW622Aa9Bd4ZHLl+TuFQ4lo4g
5nKaMBwK/BIb9xUfg0Q29/2mgIR6Zr9krM7HjuIcCzFvDtr+L0GQjae9H0pRB2OO
62cECs5HKhT5DZ98K33vmWiLowc621dQuwKWSQKjWf50XYFw42h21P2KXUGyp2y/
+aEyZ+uVgLLQbRA1dEjSDZ2iGRy12Mk5gpYc397aYp438fsJoHIgJ2lgMv5h7WY9
t6N/byY9Nw9p21Og3AoXSL2q/2IJ1WRUhebgAdGVMlV1fkuOQoEzR7EdpqtQD9Cs
5+bfo3Nhmcyvk5ftB0WkJ9z6bNZ7yxrP8wIDAQAB
-----END RSA PUBLIC KEY-----
"""
FINGERPRINT = "d09d1d85de64fd85"


def spki(pem: str) -> str:
    """The same key in the form that `openssl rsa -pubout` writes."""
    from base64 import b64decode, b64encode

    pkcs1 = b64decode("".join(pem.splitlines()[1:-1]))
    bits = b"\x03\x82" + (len(pkcs1) + 1).to_bytes(2, "big") + b"\0" + pkcs1
    algorithm = bytes.fromhex("300d06092a864886f70d0101010500")
    body = algorithm + bits
    whole = b"\x30\x82" + len(body).to_bytes(2, "big") + body
    return f"-----BEGIN PUBLIC KEY-----\n{b64encode(whole).decode()}\n-----END PUBLIC KEY-----\n"


@pytest.fixture(autouse=True)
def no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)


def load(**given: object) -> Settings:
    return load_settings(given, env_file=None, saved_file=Path("/nowhere/settings.env"))


@pytest.mark.parametrize(
    ("written", "host", "port"),
    [
        ("127.0.0.1:443", "127.0.0.1", 443),
        ("localhost:1", "localhost", 1),
        ("[::1]:65535", "::1", 65535),
        ("[fe80::1%eth0]:443", "fe80::1%eth0", 443),
        (" tg.example.org:8443 ", "tg.example.org", 8443),
    ],
)
def test_an_address_is_read_and_written(written: str, host: str, port: int) -> None:
    address = ServerAddress.parse(written)
    assert (address.host, address.port) == (host, port)
    assert ServerAddress.parse(str(address)) == address


@pytest.mark.parametrize(
    "written", ["", "host", "host:", ":443", "::1:443", "host:0", "host:65536", "http://h:1", "h:٣"]
)
def test_what_is_no_address_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match="port"):
        ServerAddress.parse(written)


@pytest.mark.parametrize(
    "pem",
    [
        TELEGRAM_KEY,
        spki(TELEGRAM_KEY),
        TELEGRAM_KEY.replace("\n", "\r\n"),
        TELEGRAM_KEY.replace("\n", "\\n"),
        TELEGRAM_KEY.replace("\n", " "),
        "the server's key:\n" + TELEGRAM_KEY,
    ],
    ids=["pkcs1", "spki", "crlf", "escaped", "one line", "with words"],
)
def test_a_key_is_the_same_in_every_form(pem: str) -> None:
    assert PublicKey.parse(pem).fingerprint == FINGERPRINT
    assert PublicKey.parse(pem).pem == TELEGRAM_KEY
    loaded = rsa.PublicKey.load_pkcs1(PublicKey.parse(pem).pem.encode())
    assert (loaded.n, loaded.e) == (PublicKey.parse(pem).modulus, 65537)


def test_another_server_is_known_by_its_key_whatever_its_address(tmp_path: Path) -> None:
    file = tmp_path / "key.pem"
    file.write_text(spki(TELEGRAM_KEY))
    first = load(telegram_server="127.0.0.1:1", telegram_public_key=str(file))
    second = load(telegram_server="[::1]:2", telegram_public_key=TELEGRAM_KEY, telegram_dc_id="4")
    assert first.server_id == second.server_id == f"key:{FINGERPRINT}"
    assert (first.telegram_dc_id, second.telegram_dc_id) == (2, 4)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, "there is no such file"),
        ("", "it holds no public key"),
        (TELEGRAM_KEY + TELEGRAM_KEY, "it holds 2 public keys"),
        (TELEGRAM_KEY.replace("MII", "M!I"), "damaged"),
        (TELEGRAM_KEY.replace("MIIB", "MIIC"), "damaged"),
        (TELEGRAM_KEY.replace("MIIB", "AAAA"), "no RSA key"),
        ("-----BEGIN RSA PUBLIC KEY-----\nMAYCAQ8CAQM=\n-----END RSA PUBLIC KEY-----", "2048 bits"),
        ("-----BEGIN RSA PUBLIC KEY-----\nMA==\n-----END RSA PUBLIC KEY-----", "damaged"),
        ("-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----", "private key"),
    ],
    ids=["missing", "empty", "two", "no base64", "cut", "no sequence", "small", "nothing", "private"],
)
def test_a_key_file_that_does_not_serve_is_told_why(tmp_path: Path, content: str | None, told: str) -> None:
    file = tmp_path / "key.pem"
    if content is not None:
        file.write_text(content)
    with pytest.raises(SettingsError, match=f"^TELEGRAM_PUBLIC_KEY takes .*key.pem.*: .*{told}"):
        load(telegram_server="127.0.0.1:1", telegram_public_key=str(file))


def test_a_private_key_given_by_mistake_is_not_shown() -> None:
    with pytest.raises(SettingsError, match="private key") as caught:
        load(
            telegram_server="127.0.0.1:1",
            telegram_public_key="-----BEGIN PRIVATE KEY-----\nMIIEsecret\n-----END PRIVATE KEY-----",
        )
    assert "MIIEsecret" not in str(caught.value)


def test_a_folder_as_key_is_told(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="can't be read"):
        load(telegram_server="127.0.0.1:1", telegram_public_key=str(tmp_path))


def test_half_a_server_says_which_half_is_missing() -> None:
    with pytest.raises(SettingsError, match=r"^TELEGRAM_PUBLIC_KEY is not set: TELEGRAM_SERVER needs"):
        load(telegram_server="127.0.0.1:443")
    with pytest.raises(SettingsError, match=r"^TELEGRAM_SERVER is not set: .*TELEGRAM_PUBLIC_KEY"):
        load(telegram_public_key=TELEGRAM_KEY)
    with pytest.raises(SettingsError, match=r"^TELEGRAM_SERVER is not set: .*TELEGRAM_DC_ID"):
        load(telegram_dc_id="2")


@pytest.mark.parametrize(
    ("url", "proxy"),
    [
        ("socks5://127.0.0.1:1080", Proxy("socks5", "127.0.0.1", 1080)),
        ("SOCKS5://anna:p%40ss%2F@[::1]:9", Proxy("socks5", "::1", 9, "anna", "p@ss/")),
        ("http://anna:pw@proxy.example:8080/", Proxy("http", "proxy.example", 8080, "anna", "pw")),
        ("mtproxy://" + "aB" * 16 + "@h:443", Proxy("mtproxy", "h", 443, secret="ab" * 16)),
        ("mtproxy://h:443?secret=dd" + "ab" * 16, Proxy("mtproxy", "h", 443, secret="dd" + "ab" * 16)),
        ("mtproxy://h:443/?secret=q6urq6urq6urq6urq6urqw", Proxy("mtproxy", "h", 443, secret="ab" * 16)),
    ],
)
def test_a_proxy_is_read(url: str, proxy: Proxy) -> None:
    assert Proxy.parse(url) == proxy
    assert load(proxy_url=url).proxy == proxy


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("socks4://h:1", "scheme"),
        ("h:1080", "scheme"),
        ("socks5://h", "a host and a port"),
        ("socks5://:1080", "a host and a port"),
        ("socks5://h:99999", "65535"),
        ("http://u:p/w@h:1", "%2F|65535"),
        ("http://h:1?x=1", "nothing may follow"),
        ("mtproxy://h:1", "secret"),
        ("mtproxy://abc@h:1", "secret"),
        ("mtproxy://ee" + "ab" * 20 + "@h:1", "fake-TLS"),
        ("mtproxy://h:1?secret=7" + "qurq6urq6urq6urq6urq6tnb29nbGUuY29t", "fake-TLS"),
        ("http://[::1:1", "proxy|port|IPv6"),
    ],
)
def test_a_proxy_that_does_not_serve_is_told_why(url: str, told: str) -> None:
    with pytest.raises(ValueError, match=told) as caught:
        Proxy.parse(url)
    assert "ab" * 16 not in str(caught.value)
