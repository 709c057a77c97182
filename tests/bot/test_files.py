"""Our own copies: no metadata, no bombs, and gone with their row."""

import base64
import io
import stat
import struct
import zlib
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from sqlmodel import Session
from telegram.error import NetworkError

from bot.account import Account, log_in
from bot.clock import Clock
from bot.files import EDGE, Copies, store, stripped
from bot.transport import Transport
from domain.refused import Refused
from models import Attachment, Case, Group
from models.database import Database
from services import attachments
from services.retention import erase_attachment
from tests.bot.conftest import Town
from tests.services import histories as h

GPS, ORIENTATION = 0x8825, 0x0112


def photo(size: tuple[int, int] = (80, 40), turned: int = 1) -> bytes:
    """A JPEG as a phone writes it: where it was taken, by what, and which way up."""
    image = Image.new("RGB", size, "white")
    image.paste("red", (0, 0, size[0] // 2, size[1]))
    exif = Image.Exif()
    exif[ORIENTATION] = turned
    exif[0x010F] = "SecretPhone"
    exif.get_ifd(GPS)[2] = (31.0, 58.0, 1.0)
    target = io.BytesIO()
    image.save(target, "JPEG", exif=exif, comment=b"SecretComment", quality=95)
    return target.getvalue()


def test_a_copy_keeps_the_picture_and_nothing_else() -> None:
    original = photo()
    assert b"SecretPhone" in original
    copy = stripped(original)
    assert b"Secret" not in copy
    image = Image.open(io.BytesIO(copy))
    assert not image.getexif()
    assert set(image.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density", "dpi"}


def test_a_copy_stands_upright() -> None:
    image = Image.open(io.BytesIO(stripped(photo(turned=6))))
    assert image.size == (40, 80)
    top = image.getpixel((20, 5))
    assert isinstance(top, tuple)
    assert top[1] < 90  # the red half is above now


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "GIF"])
def test_other_pictures_become_jpeg_on_white(kind: str) -> None:
    target = io.BytesIO()
    Image.new("RGBA", (30, 20), (0, 0, 0, 0)).save(target, kind)
    image = Image.open(io.BytesIO(stripped(target.getvalue())))
    assert (image.format, image.size) == ("JPEG", (30, 20))


def test_a_copy_is_no_larger_than_anybody_needs() -> None:
    image = Image.open(io.BytesIO(stripped(photo((6000, 3000)))))
    assert image.size == (EDGE, EDGE // 2)


def bomb(width: int, height: int) -> bytes:
    """A PNG of a few hundred bytes that claims to be enormous."""

    def chunk(name: bytes, content: bytes) -> bytes:
        body = name + content
        return struct.pack(">I", len(content)) + body + struct.pack(">I", zlib.crc32(body))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    start = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head)
    return start + chunk(b"IDAT", zlib.compress(b"\0" * 999)) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"%PDF-1.4",
        photo()[:-200],
        photo()[:30],
        bomb(60_000, 60_000),
        bomb(9_000, 9_000),
    ],
)
def test_a_broken_or_malicious_picture_is_refused(content: bytes) -> None:
    with pytest.raises(Refused, match="file_unreadable"):
        stripped(content)


def test_a_picture_over_20_megabytes_is_refused_unopened() -> None:
    with pytest.raises(Refused, match="file_too_big"):
        stripped(b"\0" * (20 * 1024 * 1024 + 1))


@pytest.mark.filterwarnings("ignore::UserWarning")
@given(st.binary(max_size=64), st.integers(0, 600))
def test_whatever_is_sent_is_a_picture_or_refused(noise: bytes, at: int) -> None:
    whole = photo()
    spoilt = whole[:at] + noise + whole[at + len(noise) :]
    try:
        assert stripped(spoilt).startswith(b"\xff\xd8")
    except Refused as refused:
        assert refused.code == "file_unreadable"  # noqa: PT017


def test_only_the_service_may_read_a_copy(tmp_path: Path) -> None:
    path = tmp_path / "320102" / "x.jpg"
    store(path, b"one")
    store(path, b"two")
    assert path.read_bytes() == b"two"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [each.name for each in path.parent.iterdir()] == ["x.jpg"]


# --- with the sandbox ------------------------------------------------------------------------


@pytest.fixture
async def account(town: Town) -> AsyncIterator[Account]:
    """The sandbox's bot, logged in."""
    transport = Transport()
    await transport.initialize()
    yield await log_in(town.bot["token"], f"{town.url}/bot", transport)
    await transport.shutdown()


async def sent(town: Town, content: bytes, kind: str) -> str:
    """Somebody sends the bot a file; its file id."""
    user = await town.person()
    media = {"base64": base64.b64encode(content).decode(), "name": "a.jpg", "mime": "image/jpeg"}
    said = await town.do(f"chats/{user}/messages", from_=user, **{kind: media})
    message = said["messages"][0]
    file = message[kind][-1] if kind == "photo" else message[kind]
    return str(file["file_id"])


def filed(session: Session, bot: str, file_id: str, kind: str) -> Attachment:
    """A case with that file."""
    session.add_all(h.territory_rows())
    group = Group(district=h.DISTRICT, grid=h.GRIDS[0], bot=bot, chat="-1", bound_at=h.NOW)
    session.add(group)
    case = Case(
        district=h.DISTRICT,
        number="KL8-2611-001",
        grid=h.GRIDS[0],
        community=h.COMMUNITY,
        state="dispatched",
        kind="PS01",
        owner_unit=h.GRIDS[0],
        bot=bot,
        due_at=h.NOW,
        opened_at=h.NOW,
    )
    session.add(case)
    session.flush()
    row = Attachment(
        district=h.DISTRICT,
        case=case.id,
        kind=kind,
        bot=bot,
        file_id=file_id,
        unique_id="u",
        mime="image/jpeg",
        at=Clock().now(),
    )
    session.add(row)
    session.flush()
    return row


@pytest.mark.parametrize("kind", ["photo", "document"])
async def test_a_file_is_fetched_stripped_and_deleted_with_its_row(
    database: Database, town: Town, account: Account, tmp_path: Path, kind: str
) -> None:
    file_id = await sent(town, photo(), kind)
    bot = account.me.bot
    row = await database.write(lambda session: filed(session, bot, file_id, kind))
    copies = Copies(account, database, Clock(), tmp_path)
    assert await copies.fetch() == 1
    assert await copies.fetch() == 0
    path = tmp_path / h.DISTRICT / f"{row.id}.jpg"
    assert b"Secret" not in path.read_bytes()

    def shown(session: Session) -> dict[str, str] | None:
        found = session.get(Attachment, (h.DISTRICT, row.id))
        assert found is not None
        return attachments.shown(found)

    assert await database.read(shown) == {"path": f"{h.DISTRICT}/{row.id}.jpg"}
    assert await copies.tidy() == 0
    await database.write(lambda session: _erase(session, row))
    assert await copies.tidy() == 1
    assert not path.exists()


async def test_a_file_that_is_no_picture_is_refused_once_and_never_shown(
    database: Database, town: Town, account: Account, tmp_path: Path
) -> None:
    file_id = await sent(town, b"MZ not a picture", "document")
    bot = account.me.bot
    row = await database.write(lambda session: filed(session, bot, file_id, "document"))
    copies = Copies(account, database, Clock(), tmp_path)
    assert await copies.fetch() == 1
    assert await copies.fetch() == 0
    assert not (tmp_path / h.DISTRICT).exists()
    row.path = attachments.UNKEPT
    assert attachments.shown(row) is None


async def test_a_file_that_is_gone_is_given_up(
    database: Database, town: Town, account: Account, tmp_path: Path
) -> None:
    bot = account.me.bot
    await database.write(lambda session: filed(session, bot, "no-such-file", "photo"))
    copies = Copies(account, database, Clock(), tmp_path)
    assert await copies.fetch() == 1
    assert await copies.fetch() == 0


async def test_where_nobody_else_writes_it_looks_for_files_only_after_something_was_written(
    database: Database, account: Account, tmp_path: Path
) -> None:
    copies = Copies(account, database, Clock(), tmp_path)
    assert copies.may_wait()
    await copies.fetch()
    assert copies.may_wait() is not database.alone
    await database.write(lambda session: None)
    assert copies.may_wait()


async def test_a_file_that_could_not_be_fetched_is_looked_for_again(
    database: Database, account: Account, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def breaks(*_given: object) -> object:
        raise NetworkError("down")

    monkeypatch.setattr(Transport, "do_request", breaks)
    bot = account.me.bot
    await database.write(lambda session: filed(session, bot, "some-file", "photo"))
    copies = Copies(account, database, Clock(), tmp_path)
    assert await copies.fetch() == 0
    assert copies.may_wait()


async def test_a_copy_of_no_row_is_deleted_and_other_files_are_left_alone(
    database: Database, account: Account, tmp_path: Path
) -> None:
    stray, mine = tmp_path / h.DISTRICT / f"{uuid4()}.jpg", tmp_path / "notes" / f"{uuid4()}.txt"
    store(stray, b"x")
    store(mine, b"x")
    await Copies(account, database, Clock(), tmp_path).tidy()
    assert not stray.exists()
    assert mine.exists()


def _erase(session: Session, row: Attachment) -> None:
    found = session.get(Attachment, (row.district, row.id))
    assert found is not None
    erase_attachment(session, found, h.NOW + timedelta(days=1))
