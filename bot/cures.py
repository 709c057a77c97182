"""What can be wrong with an SQLite file, as one sentence with its cure."""

import sqlite3

from sqlalchemy.exc import DBAPIError

_BY_CODE = {
    sqlite3.SQLITE_FULL: "can't grow, because its disk is full: make room, then start again.",
    sqlite3.SQLITE_READONLY: "can't be written to: give file and folder to the user that Linli "
    "runs as, or mount the disk for writing.",
    sqlite3.SQLITE_CANTOPEN: "can't be opened: give file and folder to the user that Linli runs "
    "as, or correct database.url.",
    sqlite3.SQLITE_IOERR: "can't be read or written: its disk fails or is full; look at `dmesg` "
    "and `df`, and restore the newest backup if the disk is gone.",
    sqlite3.SQLITE_NOTADB: "is no database: correct database.url, or restore the newest backup.",
    sqlite3.SQLITE_CORRUPT: "is damaged: stop, keep the file, and restore the newest backup.",
    sqlite3.SQLITE_BUSY: "is locked by another program: end that one first.",
}


def sqlite_cure(error: Exception) -> str:
    """How the sentence about the file goes on. Answers "" if SQLite is not to blame."""
    if isinstance(error, OSError):
        return (
            "can't be opened, because the operating system forbids it: give its folder to the "
            "user that Linli runs as, or mount the disk for writing."
        )
    cause = error.orig if isinstance(error, DBAPIError) else error
    code = getattr(cause, "sqlite_errorcode", None)
    return _BY_CODE.get(code & 0xFF, "") if code is not None else ""
