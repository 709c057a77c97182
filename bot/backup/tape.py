"""A sealed file, written and read as a stream: nothing of it is ever whole in memory."""

import gzip
import hashlib
import io
import os
import re
import tarfile
import zlib
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from pyrage import DecryptError, IdentityError, RecipientError, decrypt_io, encrypt_io, x25519

# what a tape may hold; anybody can seal for a public key, so names are never trusted
HEAD, CONTENTS, DATABASE = "linli.json", "contents.json", "linli.db"
TABLE = re.compile(r"tables/([a-z_]+)/\d{6}")
PHOTO = re.compile(r"files/\d{6}/[0-9a-f-]{36}\.(?:jpg|ogg)")
# faster than a disk in the cloud, and a quarter of the size
LEVEL = 1
BLOCK = 1024 * 1024


class WrongKey(Exception):
    """The file was sealed for another key, or the key is none at all."""


class Damaged(Exception):
    """The file is cut short or was changed after it was sealed."""


@dataclass(frozen=True, slots=True)
class Key:
    """What seals, and, if there is one, what opens."""

    seals: Any
    opens: Any | None

    @classmethod
    def new(cls) -> str:
        """A fresh secret key, to be kept outside of the machine as well."""
        return str(x25519.Identity.generate())


def key_of(text: str) -> Key:
    """`AGE-SECRET-KEY-1…` seals and opens, `age1…` only seals. Raises WrongKey."""
    try:
        if text.startswith("age1"):
            return Key(x25519.Recipient.from_str(text), None)
        opens = x25519.Identity.from_str(text)
    except (IdentityError, RecipientError) as error:
        raise WrongKey("no key of age's") from error
    return Key(opens.to_public(), opens)


class Hashing(io.RawIOBase):
    """Reads through, and knows what it has read."""

    def __init__(self, source: IO[bytes]) -> None:
        super().__init__()
        self._source = source
        self._hash = hashlib.sha256()
        self.count = 0

    def read(self, size: int = -1) -> bytes:
        block = self._source.read(size)
        self._hash.update(block)
        self.count += len(block)
        return block

    def digest(self) -> str:
        return self._hash.hexdigest()


@dataclass
class Tape:
    """An open tape. `digests`: what has been put on it, by name."""

    tar: tarfile.TarFile
    digests: dict[str, str] = field(default_factory=dict)

    def put(self, name: str, content: bytes) -> None:
        self._add(name, len(content), io.BytesIO(content))

    def put_file(self, name: str, path: Path) -> None:
        with path.open("rb") as source:
            self._add(name, os.fstat(source.fileno()).st_size, source)

    def _add(self, name: str, size: int, source: IO[bytes]) -> None:
        info = tarfile.TarInfo(name)
        info.size, info.mode = size, 0o600
        hashing = Hashing(source)
        self.tar.addfile(info, hashing)
        self.digests[name] = hashing.digest()


@contextmanager
def sealing(path: Path, key: Key) -> Iterator[Tape]:
    """A tape that becomes `path` if the block ends well, and is durable then; else nothing does."""
    half = path.with_name(f".{path.name}.part")
    handle = os.open(half, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    try:
        with os.fdopen(handle, "wb") as target:
            with (
                _piped(lambda pipe: encrypt_io(pipe, target, [key.seals]), "rb") as pipe,
                gzip.GzipFile(fileobj=pipe, mode="wb", compresslevel=LEVEL) as packed,
                tarfile.open(fileobj=packed, mode="w|") as tar,
            ):
                yield Tape(tar)
            target.flush()
            os.fsync(target.fileno())
        os.replace(half, path)
        sync_folder(path.parent)
    finally:
        half.unlink(missing_ok=True)


@contextmanager
def opening(path: Path, key: Key) -> Iterator[Iterator[tuple[str, Hashing]]]:
    """What is on the tape, in its order: (name, content to be read before the next one).

    Raises WrongKey and Damaged; only when the block has ended is it sure that nothing is missing.
    """
    if key.opens is None:
        raise WrongKey("this key only seals")
    with (
        path.open("rb") as source,
        _piped(lambda pipe: decrypt_io(source, pipe, [key.opens]), "wb") as pipe,
        gzip.GzipFile(fileobj=pipe, mode="rb") as packed,
        tarfile.open(fileobj=packed, mode="r|") as tar,
    ):
        yield _members(tar)
        while packed.read(BLOCK):
            pass


def _members(tar: tarfile.TarFile) -> Iterator[tuple[str, Hashing]]:
    for member in tar:
        content = tar.extractfile(member)
        if content is None or not _is_known(member.name):
            raise Damaged("it holds what no backup holds")
        yield member.name, Hashing(content)


def _is_known(name: str) -> bool:
    return (
        name in (HEAD, CONTENTS, DATABASE)
        or TABLE.fullmatch(name) is not None
        or PHOTO.fullmatch(name) is not None
    )


@contextmanager
def _piped(work: Any, theirs: str) -> Iterator[IO[bytes]]:
    """Our end of a pipe whose other end `work` has in a thread; its error comes first."""
    reading, writing = os.pipe()
    mine, other = (writing, reading) if theirs == "rb" else (reading, writing)
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(_with_end, work, other, theirs)
        try:
            with os.fdopen(mine, "wb" if theirs == "rb" else "rb") as pipe:
                yield pipe
        except (OSError, EOFError, tarfile.TarError, zlib.error) as error:
            _raise(running, error)
            raise
        _raise(running, None)


def _with_end(work: Any, end: int, mode: str) -> None:
    with os.fdopen(end, mode) as pipe:
        work(pipe)


def _raise(running: "Future[None]", error: Exception | None) -> None:
    """What really went wrong: a broken pipe is only how the other end hears of it."""
    cause = running.exception()
    if isinstance(cause, DecryptError):
        raise (WrongKey if "matching" in str(cause) else Damaged)(str(cause)) from None
    if isinstance(cause, OSError) and cause.errno is None:
        raise Damaged(str(cause)) from None
    if cause is not None and not isinstance(cause, BrokenPipeError):
        raise cause
    if error is not None and not isinstance(error, OSError):
        raise Damaged(str(error)) from None


def sync_folder(folder: Path) -> None:
    """Make a rename in a folder outlive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
