"""Files: real pictures measured, ids that stay the same, and Telegram's sizes."""

from __future__ import annotations

import base64
import hashlib
import io
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from PIL import Image, ImageOps, UnidentifiedImageError

from sandbox.errors import ApiError, bad_request
from sandbox.people import Json, StoredFile
from sandbox.world import World

MAX_DOWNLOAD = 20 * 1024 * 1024
MAX_UPLOAD = 50 * 1024 * 1024
MAX_PHOTO = 10 * 1024 * 1024
MAX_SIDES = 10_000  # width + height of a photo, pixels
MAX_RATIO = 20
PHOTO_SIDES = (90, 320, 800, 1280)  # longest side of the sizes that Telegram makes, pixels
EXTENSIONS = {"image/jpeg": "jpg", "image/png": "png", "image/webp": "webp", "audio/ogg": "oga",
              "application/pdf": "pdf", "video/mp4": "mp4", "audio/mpeg": "mp3"}  # fmt: skip


@dataclass(frozen=True)
class Upload:
    """A file as it came in."""

    data: bytes
    name: str
    mime: str


def store(world: World, upload: Upload, folder: str) -> StoredFile:
    """Keeps an upload. The same bytes of the same kind always get the same ids."""
    digest = hashlib.sha256(folder.encode() + upload.data).digest()
    file_id = base64.urlsafe_b64encode(b"\x04" + digest + upload.name.encode()[:12]).decode()
    file_id = file_id.rstrip("=")
    if file_id in world.files:
        return world.files[file_id]
    unique = base64.urlsafe_b64encode(digest[:12]).decode()
    path = f"{folder}/file_{len(world.files)}.{_extension(upload)}"
    return world.add_file(StoredFile(file_id, unique, upload.data, path, upload.name, upload.mime))


def _extension(upload: Upload) -> str:
    known = EXTENSIONS.get(upload.mime)
    return known or (upload.name.rpartition(".")[2] if "." in upload.name else "bin")


def base_shape(file: StoredFile) -> Json:
    """The fields that every kind of file has."""
    return {"file_id": file.file_id, "file_unique_id": file.unique_id, "file_size": len(file.data)}


def check_photo_size(upload: Upload) -> None:
    """Refuses what bots can't send as a photo; people's apps make theirs smaller first."""
    size = len(upload.data)
    if size > MAX_PHOTO:
        raise bad_request(
            f"file of size {size} bytes is too big for a photo; "
            f"the maximum size is {MAX_PHOTO} bytes"
        )


def photo(world: World, upload: Upload) -> list[Json]:
    """Stores a picture in Telegram's sizes; gives `PhotoSize`s, smallest first."""
    sizes = [_kept(world, *drawn) for drawn in _drawn(upload.data)]
    for size in sizes:
        world.photos[size["file_id"]] = sizes
    return sizes


# the same code or card is sent again and again, and drawing is what a photo costs
@lru_cache(maxsize=32)
def _drawn(data: bytes) -> list[tuple[bytes, int, int]]:
    """(JPEG, width, height) of each size, smallest first."""
    picture = _opened(data)
    longest = max(picture.size)
    sides = [side for side in PHOTO_SIDES if side < longest] + [min(longest, PHOTO_SIDES[-1])]
    return [_size(picture, side) for side in sorted(set(sides))]


def _opened(data: bytes) -> Image.Image:
    try:
        picture = Image.open(io.BytesIO(data))
        width, height = picture.size
        if width + height > MAX_SIDES or max(width, height) > MAX_RATIO * min(width, height):
            raise bad_request("PHOTO_INVALID_DIMENSIONS")
        return ImageOps.exif_transpose(picture).convert("RGB")
    except (UnidentifiedImageError, OSError, ValueError, Image.DecompressionBombError):
        raise bad_request("IMAGE_PROCESS_FAILED") from None


def _size(picture: Image.Image, side: int) -> tuple[bytes, int, int]:
    copy = picture.copy()
    copy.thumbnail((side, side))
    out = io.BytesIO()
    copy.save(out, "JPEG", quality=87)
    return out.getvalue(), copy.width, copy.height


def _kept(world: World, jpeg: bytes, width: int, height: int) -> Json:
    file = store(world, Upload(jpeg, "photo.jpg", "image/jpeg"), "photos")
    file.shape = {**base_shape(file), "width": width, "height": height}
    return file.shape


def document(world: World, upload: Upload) -> Json:
    """Stores any file; gives a `Document`."""
    file = store(world, _fits(upload), "documents")
    file.shape = {**base_shape(file), "file_name": upload.name, "mime_type": upload.mime}
    return file.shape


def voice(world: World, upload: Upload, duration: int = 0) -> Json:
    """Stores a voice note; gives a `Voice`. The sandbox doesn't measure sound: 4 kB is a second."""
    file = store(world, _fits(upload), "voice")
    seconds = duration or max(1, len(upload.data) // 4_000)
    file.shape = {**base_shape(file), "duration": seconds, "mime_type": upload.mime}
    return file.shape


def sticker(world: World, upload: Upload, emoji: str | None = None) -> Json:
    """Stores a sticker; gives a `Sticker` of its own size, or 512×512 if it is no picture."""
    file = store(world, _fits(upload), "stickers")
    try:
        width, height = Image.open(io.BytesIO(upload.data)).size
    except (UnidentifiedImageError, OSError, ValueError):
        width = height = 512
    file.shape = {
        **base_shape(file), "type": "regular", "width": width, "height": height,
        "is_animated": False, "is_video": False, **({"emoji": emoji} if emoji else {}),
    }  # fmt: skip
    return file.shape


def _fits(upload: Upload) -> Upload:
    if len(upload.data) > MAX_UPLOAD:
        raise ApiError(413, "Request Entity Too Large")
    if not upload.data:
        raise bad_request("file must be non-empty")
    return upload


KINDS: dict[str, Any] = {"document": document, "voice": voice, "sticker": sticker}


def make(world: World, kind: str, upload: Upload) -> Any:
    """The value of the message field `kind` for an upload: a list for a photo, else an object."""
    return photo(world, upload) if kind == "photo" else KINDS[kind](world, upload)


def again(world: World, kind: str, file_id: str) -> Any:
    """The same value for a file that the sandbox has already; ApiError 400 if it hasn't."""
    if file_id.startswith(("http://", "https://")):
        raise bad_request("failed to get HTTP URL content")
    file = world.files.get(file_id)
    if file is None:
        raise bad_request("wrong file identifier/HTTP URL specified")
    if kind == "photo" and "width" not in file.shape:
        raise bad_request("can't use file of type Document as Photo")
    return world.photos.get(file_id, [file.shape]) if kind == "photo" else file.shape
