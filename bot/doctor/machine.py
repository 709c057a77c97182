"""The machine: its clock, its disks, and the files that only the service may read."""

import os
import shutil
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy.engine import make_url

from bot.backup.take import backups
from bot.config import Settings, config_file
from bot.disk import MEGABYTE
from bot.doctor.finding import Finding, bad, good, judged, mind, size, span
from models.sqlite import path_of

# below this a full disk is near; below the floor nothing new is accepted
ENOUGH_BYTES = 1_000_000_000
# Telegram's Date has whole seconds, and came through a network
ODD, WRONG = timedelta(seconds=5), timedelta(seconds=60)
# no clock that is right shows a time before this was written
WRITTEN = datetime(2026, 11, 1, tzinfo=UTC)
# SQLite's log is shared memory between processes, which these don't share
REMOTE = {"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "fuse.sshfs", "afs", "ceph", "glusterfs"}
# a night was missed; a week is lost if the disk goes
BACKUP_MIND, BACKUP_BAD = 36 * 3600.0, 7 * 86_400.0
SET_CLOCK = "Set the machine's clock and keep it set: `timedatectl set-ntp true`."


def clock(now: datetime, elsewhere: datetime | None, newest: datetime | None) -> Finding:
    """`elsewhere`: what Telegram's clock says, or None. `newest`: the latest time stored."""
    shown = f"{now:%Y-%m-%d %H:%M:%S} UTC"
    if now < WRITTEN:
        return bad("clock", f"{shown} is before this release was written", SET_CLOCK)
    if newest is not None and newest - now > WRONG:
        return bad("clock", f"{shown} is {span(newest - now)} before the newest row", SET_CLOCK)
    if elsewhere is None:
        return mind("clock", f"{shown}; nothing to compare with", "Try again with a network.")
    off = abs(now - elsewhere)
    said = f"{shown}, {span(off)} from Telegram's"
    return judged(
        "clock", off.total_seconds(), said, SET_CLOCK, (ODD.total_seconds(), WRONG.total_seconds())
    )


def disks(settings: Settings) -> list[Finding]:
    """Room and permission to write where we write."""
    folders = {"files": settings.files.folder}
    if make_url(settings.database.url).get_backend_name() == "sqlite":
        folders["database"] = path_of(settings.database.url).parent
    floor = settings.database.floor_megabytes * MEGABYTE
    return [disk(f"disk ({name})", folder, floor) for name, folder in sorted(folders.items())]


def disk(about: str, folder: Path, floor: int) -> Finding:
    """One folder's disk; `floor` in bytes. One that isn't there yet is judged by the one above."""
    while not folder.exists():
        folder = folder.parent
    if not os.access(folder, os.W_OK, effective_ids=True):
        cure = "Mount it for writing (`mount -o remount,rw`), or give the folder to the service."
        return bad(about, f"{folder} can't be written to", cure)
    free = shutil.disk_usage(folder).free
    said = f"{size(free)} free below {folder}"
    cure = "Make room now: below the floor the service tells Telegram to come again later."
    if free < max(ENOUGH_BYTES, floor):
        return (bad if free < floor else mind)(about, said, cure)
    kind = _kind(folder)
    if "database" in about and kind in REMOTE:
        return bad(about, f"{folder} is on {kind}", "Put an SQLite file on a disk of this machine.")
    return good(about, said)


def backup(settings: Settings, now: datetime) -> Finding:
    """Whether there is a backup, and how old it is."""
    folder, key = settings.backup.folder, settings.backup.key.get_secret_value()
    if folder is None:
        cure = "Set backup.folder, on another disk, and start `linli backup` each night."
        return mind("backup", "backup.folder is empty: nothing says where backups are", cure)
    made = backups(folder)
    if not made:
        missing = "" if key else " and backup.key is empty"
        cure = "Run `linli backup`; `linli key --backup` makes the key."
        return bad("backup", f"there is none in {folder}{missing}", cure)
    age = now - datetime.fromtimestamp(made[-1].stat().st_mtime, UTC)
    said = f"{len(made)} in {folder}, the newest {span(age)} old"
    cure = "Run `linli backup`, and see why the timer doesn't (`systemctl status linli-backup`)."
    return judged("backup", age.total_seconds(), said, cure, (BACKUP_MIND, BACKUP_BAD))


def _kind(folder: Path) -> str:
    """The type of the file system that a folder is on, as the kernel names it; "" elsewhere."""
    try:
        lines = Path("/proc/self/mounts").read_text().splitlines()
    except OSError:
        return ""
    here = str(folder.resolve())
    mounts = [line.split()[1:3] for line in lines]
    over = [(len(at), kind) for at, kind in mounts if f"{here}/".startswith(at.rstrip("/") + "/")]
    return max(over, default=(0, ""))[1]


def secrets(settings: Settings) -> list[Finding]:
    """What holds secrets or people's words must not be everybody's to read."""
    found = _settings_file()
    if make_url(settings.database.url).get_backend_name() == "sqlite":
        path = path_of(settings.database.url)
        if path.exists() and _open_to_others(path):
            found.append(mind("database file", "others may read it", f"Run `chmod 600 {path}`."))
    return found


def _open_to_others(path: Path) -> bool:
    return bool(stat.S_IMODE(path.stat().st_mode) & 0o077)


def _settings_file() -> list[Finding]:
    path = config_file()
    if not path.is_file():
        return []
    text = path.read_text(encoding="utf-8", errors="replace")
    told = [line for line in text.splitlines() if _is_secret(line)]
    if told and _open_to_others(path):
        return [
            bad(
                "secrets",
                f"{path} holds secrets and others may read it",
                f"Run `chmod 600 {path}`.",
            )
        ]
    return [good("secrets", f"{path} shows others nothing that is secret")]


def _is_secret(line: str) -> bool:
    key, _, value = line.partition("=")
    return key.strip() in ("token", "webhook_secret", "key") and bool(value.strip(" \"'"))
