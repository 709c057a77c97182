"""Our own copies of what people send: small loop, no metadata, gone when their row is erased.

Downloading waits for the network, so it happens after the unit of work that noted the file. A
copy lies at `<district>/<id>.<jpg|ogg>` below the files folder, readable by the service alone.
"""

import asyncio
import io
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import structlog
from sqlmodel import Session, col, select
from telegram.error import BadRequest, InvalidToken, TelegramError

from bot.account import Account
from bot.clock import Clock
from domain.refused import Refused
from models import Attachment, Group
from models.database import Database, Unavailable
from services import attachments

MOST_BYTES = attachments.MOST_MEGABYTES * attachments.MEGABYTE
MOST_PIXELS = 50_000_000  # a phone's largest photo; more is a bomb or a scan nobody needs
EDGE = 2560  # pixels of the longer edge of what is kept
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP")
QUALITY = 85
# after this a file that could not be fetched is left alone: Telegram's handle still sends it
AGE = timedelta(days=2)
BATCH = 20
POLL_SECONDS = 5.0
# where only what is written here can bring a file, as a safety net
ALONE_POLL_SECONDS = 60.0
FAILED_SECONDS = 60.0
TIDY_SECONDS = 600.0
DOWN_SECONDS = 5.0

log = structlog.get_logger("bot.files")


@dataclass(frozen=True, slots=True)
class Wanted:
    """A file to be fetched."""

    district: str
    id: UUID
    file_id: str
    image: bool
    voice: bool


class Copies:
    """Keeps one bot's copies below `folder`."""

    def __init__(self, account: Account, database: Database, clock: Clock, folder: Path) -> None:
        self._account = account
        self._database = database
        self._clock = clock
        self._folder = folder
        self._failed = False
        # when it was last looked for files, and after how many writes
        self._looked_at = float("-inf")
        self._seen = -1

    async def run(self) -> None:
        """Until cancelled."""
        tidied = float("-inf")
        while True:
            try:
                if self.may_wait():
                    await self.fetch()
                if time.monotonic() - tidied >= TIDY_SECONDS:
                    tidied = time.monotonic()
                    await self.tidy()
            except Unavailable:
                await asyncio.sleep(DOWN_SECONDS)
            await asyncio.sleep(FAILED_SECONDS if self._failed else POLL_SECONDS)

    def may_wait(self) -> bool:
        """Whether a file may wait for us: where no other process writes, something was written
        here since we looked, or what we tried failed."""
        since = time.monotonic() - self._looked_at
        quiet = self._database.alone and self._database.writes == self._seen and not self._failed
        return not quiet or since >= ALONE_POLL_SECONDS

    async def fetch(self) -> int:
        """Copy what has no copy yet; returns how many rows were settled."""
        self._failed = False
        writes, now = self._database.writes, time.monotonic()
        wanted = await self._database.read(self._wanted)
        self._seen, self._looked_at = writes, now
        return sum([await self._settled(each) for each in wanted])

    def _wanted(self, session: Session) -> list[Wanted]:
        since = self._clock.now() - AGE
        return [
            _wanted(row)
            for district in self._districts(session)
            for row in attachments.unkept(session, district, since, BATCH)
            if row.bot == self._account.me.bot
        ]

    def _districts(self, session: Session) -> list[str]:
        query = select(Group.district).where(Group.bot == self._account.me.bot).distinct()
        return list(session.exec(query.order_by(col(Group.district))))

    async def _settled(self, wanted: Wanted) -> bool:
        """Fetch, strip, store, note. Trouble with network or disk: later again."""
        try:
            path = await self._copy(wanted)
        except Refused as refused:
            log.info("file_refused", attachment=str(wanted.id), code=refused.code)
            path = attachments.UNKEPT
        except (TelegramError, OSError) as error:
            log.warning("file_not_fetched", attachment=str(wanted.id), error=type(error).__name__)
            self._failed = True
            return False
        kept = await self._database.write(
            lambda session: attachments.keep(session, wanted.district, wanted.id, path)
        )
        if not kept and path:
            (self._folder / path).unlink(missing_ok=True)
        return True

    async def _copy(self, wanted: Wanted) -> str:
        """The path of the new copy below the folder; UNKEPT for what isn't copied."""
        if not (wanted.image or wanted.voice):
            return attachments.UNKEPT
        content = await self._download(wanted.file_id)
        if wanted.image:
            content = await asyncio.to_thread(stripped, content)
        name = f"{wanted.district}/{wanted.id}.{'jpg' if wanted.image else 'ogg'}"
        await asyncio.to_thread(store, self._folder / name, content)
        return name

    async def _download(self, file_id: str) -> bytes:
        """The file's bytes. Raises Refused `file_too_big`, `file_gone`; TelegramError."""
        try:
            found = await self._account.call("getFile", {"file_id": file_id})
        except BadRequest as error:
            raise Refused("file_gone") from error
        if found.get("file_size", 0) > MOST_BYTES or "file_path" not in found:
            raise Refused("file_too_big", megabytes=attachments.MOST_MEGABYTES)
        try:
            content = await self._account.client.request.retrieve(self._address(found))
        except InvalidToken as error:  # what the library makes of a 404
            raise Refused("file_gone") from error
        if len(content) > MOST_BYTES:
            raise Refused("file_too_big", megabytes=attachments.MOST_MEGABYTES)
        return content

    def _address(self, found: dict[str, Any]) -> str:
        """Files lie at the same server as the methods: /bot<token> becomes /file/bot<token>."""
        server, _, token = self._account.client.base_url.rpartition("/bot")
        return f"{server}/file/bot{token}/{found['file_path']}"

    async def tidy(self) -> int:
        """Delete copies whose row was erased or is gone; returns how many."""
        gone = 0
        for district, keys in _batches(self._folder):
            erased = await self._database.read(_erased_of(district, keys))
            for key in erased:
                for path in (self._folder / district).glob(f"{key}.*"):
                    path.unlink(missing_ok=True)
                    gone += 1
        return gone


def _wanted(row: Attachment) -> Wanted:
    image = attachments.is_image(row)
    return Wanted(row.district, row.id, row.file_id, image, row.kind == "voice")


def _erased_of(district: str, keys: list[UUID]) -> Any:
    return lambda session: attachments.erased(session, district, keys)


def _batches(folder: Path, size: int = 500) -> Iterator[tuple[str, list[UUID]]]:
    """The keys of the copies that lie there, by district; other files are left alone."""
    for district in sorted(each for each in folder.glob("*") if each.name.isdecimal()):
        keys = [key for path in sorted(district.iterdir()) if (key := _key(path)) is not None]
        for start in range(0, len(keys), size):
            yield district.name, keys[start : start + size]


def _key(path: Path) -> UUID | None:
    try:
        return UUID(path.stem)
    except ValueError:
        return None


def stripped(content: bytes) -> bytes:
    """A JPEG of the picture and nothing else: turned upright, at most 2,560 pixels long.

    Every metadata block (EXIF with its place, XMP, IPTC, thumbnails, comments) is left behind,
    because only pixels are written again. Raises Refused `file_too_big`, `file_unreadable`.
    """
    if len(content) > MOST_BYTES:
        raise Refused("file_too_big", megabytes=attachments.MOST_MEGABYTES)
    try:
        return _drawn_again(content)
    except Refused:
        raise
    except Exception as error:  # hostile bytes make a decoder raise anything; none may stop us
        raise Refused("file_unreadable") from error


def _drawn_again(content: bytes) -> bytes:
    from PIL import Image, ImageOps  # 6 MB that a service needs from its first photo on

    with Image.open(io.BytesIO(content), formats=FORMATS) as image:
        if image.width * image.height > MOST_PIXELS:
            raise Refused("file_unreadable")
        image.draft("RGB", (EDGE, EDGE))  # a large JPEG is read small at once
        upright = ImageOps.exif_transpose(image)
        upright.thumbnail((EDGE, EDGE))
        pixels = Image.new("RGB", upright.size, "white")
        shown = upright.convert("RGBA")
        pixels.paste(shown, mask=shown)
    target = io.BytesIO()
    pixels.save(target, "JPEG", quality=QUALITY)
    return target.getvalue()


def store(path: Path, content: bytes) -> None:
    """Write whole or not at all, readable by nobody else."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    half = path.with_suffix(".part")
    half.unlink(missing_ok=True)
    handle = os.open(half, os.O_CREAT | os.O_WRONLY | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as stream:
        stream.write(content)
    os.replace(half, path)
