"""Pictures for messages: the day (drawn in a process of its own) and QR codes."""

import asyncio
import io
import json
import os
import sys
from pathlib import Path
from typing import Any

SECONDS = 30  # two slow cores need about two; more means that something hangs
MOST_BYTES = 10 * 1024 * 1024  # what Telegram takes as a photo
HOUSE = Path(__file__).resolve().parent.parent


class PictureFailed(Exception):
    """The picture can't be drawn; the message goes out without it. `args[0]`: why."""


async def draw(spec: dict[str, Any]) -> bytes:
    """The PNG of a message's `picture`: `{"kind": "qr", "url"}` or `{"kind": "day", …}`.

    Raises PictureFailed, also for a kind that nobody draws. Waits up to 30 s: never call it
    inside a unit of work.
    """
    if spec.get("kind") == "qr":
        return qr(str(spec["url"]))
    if spec.get("kind") == "day":
        return await _chart(json.dumps(spec).encode())
    raise PictureFailed("unknown_kind")


def qr(url: str) -> bytes:
    """A QR code large enough to print; damaged corners don't matter (error level M)."""
    import segno  # 3 MB for what is drawn a few times a year

    target = io.BytesIO()
    segno.make(url, error="m", micro=False).save(target, kind="png", scale=12, border=4)
    return target.getvalue()


async def _chart(spec: bytes) -> bytes:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bot.chart",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        cwd=HOUSE,
        env=_surroundings(),
    )
    try:
        async with asyncio.timeout(SECONDS):
            picture, _ = await process.communicate(spec)
    except TimeoutError:
        raise PictureFailed("too_slow") from None
    finally:
        await _ended(process)
    if process.returncode or not picture.startswith(b"\x89PNG") or len(picture) > MOST_BYTES:
        raise PictureFailed("not_drawn")
    return picture


async def _ended(process: asyncio.subprocess.Process) -> None:
    """No drawing outlives its caller, who may have been cancelled."""
    if process.returncode is None:
        process.kill()
        await process.wait()


def _surroundings() -> dict[str, str]:
    """What the drawing process may know of us: paths, no tokens and no proxies."""
    kept = ("PATH", "HOME", "TMPDIR", "MPLCONFIGDIR", "XDG_CACHE_HOME", "VIRTUAL_ENV")
    return {name: os.environ[name] for name in kept if name in os.environ}
