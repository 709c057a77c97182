"""SQLite's way to the disk, watched and disturbed: under the very library that we use.

A copy of SQLite's own VFS becomes the default; its files' methods for writing, truncating and
syncing are told first. So everything above, models/sqlite.py included, runs as it is.
"""

import ctypes
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

MAIN_DB, WAL = 0x100, 0x80000
FULL = 13  # SQLITE_FULL
POINTER = ctypes.sizeof(ctypes.c_void_p)
VFS_BYTES = 16 + 3 * POINTER + 16 * POINTER
METHODS_BYTES = 8 + 18 * POINTER
# where a method's pointer stands in sqlite3_io_methods (sqlite3.h)
WRITE, TRUNCATE, SYNC = (8 + each * POINTER for each in (2, 3, 4))
NAME, OPEN = 16 + POINTER, 16 + 3 * POINTER

Open = ctypes.CFUNCTYPE(
    # the name as the address that it is: SQLite keeps it, to name the files beside it
    ctypes.c_int,
    ctypes.c_void_p,
    ctypes.c_void_p,
    ctypes.c_void_p,
    ctypes.c_int,
    ctypes.c_void_p,
)
Write = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int, ctypes.c_int64
)
Truncate = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int64)
Sync = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int)


class NotShared(Exception):
    """This Python has SQLite built in: its disk can't be watched from outside."""


class Disk:
    """What is written below `folder`, in order: ("write", path, offset, bytes), ("truncate", path,
    size), ("sync", path). `full`: writing fails as on a full disk."""

    def __init__(self, folder: Path) -> None:
        self.folder = str(folder)
        self.log: list[tuple[Any, ...]] = []
        self.full = False
        self._paths: dict[int, str] = {}
        self._patched: dict[int, Any] = {}
        self._kept: list[Any] = []
        self._library = _library()
        self._original = self._library.sqlite3_vfs_find(None)
        self._vfs = self._made()

    def __enter__(self) -> "Disk":
        self._library.sqlite3_vfs_register(self._vfs, 1)
        return self

    def __exit__(self, *_: object) -> None:
        self._library.sqlite3_vfs_register(self._original, 1)
        # SQLite's list would go on pointing at it, and an open file may still
        self._library.sqlite3_vfs_unregister(self._vfs)
        _once_used.append(self)

    def _made(self) -> Any:
        vfs = ctypes.create_string_buffer(ctypes.string_at(self._original, VFS_BYTES), VFS_BYTES)
        name = ctypes.create_string_buffer(f"watched-{id(self)}".encode())
        self._kept += [name, opened := Open(self._open)]
        self._real_open = Open(_pointer(self._original + OPEN))
        _set(ctypes.addressof(vfs) + NAME, ctypes.addressof(name))
        _set(ctypes.addressof(vfs) + OPEN, ctypes.cast(opened, ctypes.c_void_p).value)
        return vfs

    def _open(self, vfs: int, name: int | None, file: int, flags: int, out: int) -> int:
        status = self._real_open(vfs, name, file, flags, out)
        path = os.fsdecode(ctypes.string_at(name)) if name else ""
        if status == 0 and flags & (MAIN_DB | WAL) and path.startswith(self.folder):
            self._paths[file] = path
            methods = _pointer(file)
            if methods not in self._patched:
                self._patched[methods] = self._watched(methods)
            _set(file, ctypes.addressof(self._patched[methods]))
        return int(status)

    def _watched(self, methods: int) -> Any:
        copy = ctypes.create_string_buffer(ctypes.string_at(methods, METHODS_BYTES), METHODS_BYTES)
        for place, kind, told in (
            (WRITE, Write, self._write),
            (TRUNCATE, Truncate, self._truncate),
            (SYNC, Sync, self._sync),
        ):
            function = kind(told(kind(_pointer(methods + place))))
            self._kept.append(function)
            _set(ctypes.addressof(copy) + place, ctypes.cast(function, ctypes.c_void_p).value)
        return copy

    def _write(self, real: Callable[..., int]) -> Callable[..., int]:
        def write(file: int, data: int, count: int, offset: int) -> int:
            if self.full:
                return FULL
            content = ctypes.string_at(data, count)
            self.log.append(("write", self._paths[file], offset, content))
            return real(file, data, count, offset)

        return write

    def _truncate(self, real: Callable[..., int]) -> Callable[..., int]:
        def truncate(file: int, size: int) -> int:
            self.log.append(("truncate", self._paths[file], size))
            return real(file, size)

        return truncate

    def _sync(self, real: Callable[..., int]) -> Callable[..., int]:
        def sync(file: int, flags: int) -> int:
            status = real(file, flags)
            self.log.append(("sync", self._paths[file]))
            return status

        return sync


_once_used: list[Disk] = []


def _library() -> ctypes.CDLL:
    """The library that Python's sqlite3 uses. Raises NotShared."""
    import sqlite3  # noqa: F401 - so that it is loaded

    for line in Path("/proc/self/maps").read_text().splitlines():
        if "libsqlite3" in line:
            found = ctypes.CDLL(line.split()[-1])
            found.sqlite3_vfs_find.restype = ctypes.c_void_p
            found.sqlite3_vfs_register.argtypes = [ctypes.c_void_p, ctypes.c_int]
            found.sqlite3_vfs_unregister.argtypes = [ctypes.c_void_p]
            return found
    raise NotShared


def _pointer(address: int) -> int:
    return int(ctypes.c_void_p.from_address(address).value or 0)


def _set(address: int, value: int | None) -> None:
    ctypes.c_void_p.from_address(address).value = value
