"""What an attacker sends to the webhook, byte by byte: refused with its status, and never a 5xx."""

import asyncio
import gzip
import hmac
import json
from urllib.parse import urlsplit

import pytest

from bot.assembly import WEBHOOK_PATH, Service
from bot.receive import SECRET_HEADER
from handlers import updates
from tests.bot.test_webhook import SECRET, service, stored, update

__all__ = ["service"]

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

JSON = b"Content-Type: application/json"
NAMED = SECRET_HEADER.encode() + b": "
SIGNED = NAMED + SECRET.encode()
UPDATE = json.dumps(update(1)).encode()
CHUNKED = b"Transfer-Encoding: chunked"


async def status(service: Service, *head: bytes, body: bytes = b"", sized: bool = True) -> int:
    """The answer to a request that is written byte by byte."""
    where = urlsplit(service.address)
    reader, writer = await asyncio.open_connection(where.hostname, where.port)
    lines = [b"POST " + WEBHOOK_PATH.encode() + b" HTTP/1.1", b"Host: x", b"Connection: close"]
    length = [b"Content-Length: " + str(len(body)).encode()] if sized else []
    writer.write(b"\r\n".join([*lines, *head, *length, b"", body]))
    try:
        return int((await asyncio.wait_for(reader.readline(), 10)).split()[1])
    finally:
        writer.close()


async def test_a_secret_of_any_bytes_is_wrong_and_never_an_error(service: Service):
    for secret in (b"\xff", b"\xed\xa0\x80", b"", b"a" * 7000, SECRET[:-1].encode(), b"\xc3\xbc"):
        assert await status(service, NAMED + secret, JSON, body=UPDATE) == 401
    assert await status(service, JSON, body=UPDATE) == 401
    assert await status(service, NAMED + b"no", SIGNED, JSON, body=UPDATE) == 401


async def test_nothing_packed_is_unpacked(service: Service):
    bomb = gzip.compress(b"0" * 20_000_000)
    for packed in (gzip.compress(UPDATE), bomb, b"not packed at all"):
        packing = b"Content-Encoding: gzip"
        assert await status(service, SIGNED, JSON, packing, body=packed) == 415


async def test_a_body_that_breaks_off_or_says_another_length_is_refused(service: Service):
    whole = b"%x\r\n%s\r\n0\r\n\r\n" % (len(UPDATE), UPDATE)
    assert await status(service, SIGNED, JSON, CHUNKED, body=whole, sized=False) == 200
    for broken in (b"zz\r\n", b"5\r\nhello\r\nzz\r\n", b"5\r\nhello\r\n0\r\n\r\n"):
        assert await status(service, SIGNED, JSON, CHUNKED, body=broken, sized=False) == 400
    long = b"40000\r\n" + b"x" * 0x40000 + b"\r\n1\r\nx\r\n0\r\n\r\n"
    assert await status(service, SIGNED, JSON, CHUNKED, body=long, sized=False) == 413


async def test_a_number_that_no_database_takes_is_not_stored(service: Service):
    """Without a number it is no update; with one it is confirmed, or its chat would stand still."""
    for digits in (str(2**53 + 1), str(2**64), str(-(2**70)), "9" * 4001, "9" * 5000):
        for field in (b'"update_id": 1', b'"id": 7', b'"message_id": 1'):
            text = UPDATE.replace(field, field.rpartition(b" ")[0] + b" " + digits.encode())
            numbered = field != b'"update_id": 1'
            wanted = 200 if numbered else 400
            assert await status(service, SIGNED, JSON, body=text) == wanted, digits
    assert await stored(service) == 0


async def test_secrets_are_compared_in_constant_time_before_anything_is_read(
    service: Service, monkeypatch: pytest.MonkeyPatch
):
    seen: list[str] = []
    compare, decode = hmac.compare_digest, updates.decode
    monkeypatch.setattr(hmac, "compare_digest", lambda *a: seen.append("compared") or compare(*a))
    monkeypatch.setattr(updates, "decode", lambda raw: seen.append("decoded") or decode(raw))
    assert await status(service, NAMED + b"wrong", JSON, body=UPDATE) == 401
    assert seen == ["compared"]
    assert await status(service, SIGNED, JSON, body=UPDATE) == 200
    assert seen[1:3] == ["compared", "decoded"]
