"""Our own copies of people's files, onto a tape and back."""

import os
import shutil
from pathlib import Path

from bot.backup.tape import PHOTO, Hashing, Tape


def put(tape: Tape, folder: Path) -> tuple[int, int]:
    """Every copy that lies there: (how many, bytes). One that goes meanwhile is gone."""
    count, size = 0, 0
    for path in sorted(folder.glob("*/*")):
        name = f"files/{path.parent.name}/{path.name}"
        if PHOTO.fullmatch(name) is None:
            continue
        try:
            tape.put_file(name, path)
        except FileNotFoundError:
            continue
        count, size = count + 1, size + path.stat().st_size
    return count, size


def stage(name: str, content: Hashing, folder: Path) -> None:
    """Write one below a folder of its own, until all is known to be sound."""
    target = folder / name.removeprefix("files/")
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    with os.fdopen(handle, "wb") as stream:
        shutil.copyfileobj(content, stream)


def move_in(staged: Path, folder: Path) -> int:
    """Into their place, each in one step; how many."""
    count = 0
    for path in sorted(staged.glob("*/*")):
        (folder / path.parent.name).mkdir(mode=0o700, parents=True, exist_ok=True)
        shutil.move(path, folder / path.parent.name / path.name)
        count += 1
    return count
