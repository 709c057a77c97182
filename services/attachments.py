"""What came with a case: photos, voice notes, documents. Files themselves are bot/files' matter."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from sqlalchemy import and_, or_
from sqlmodel import Session, col, select

from domain.lifecycle import BEFORE_DONE
from domain.refused import Refused
from models import Attachment, Case

MEGABYTE = 1024 * 1024
MOST_MEGABYTES = 20  # what a bot may download
KINDS = ("photo", "voice", "document", "video")
# what a photo of the place shows (现场照片): close by, from afar, before and after the work
ROLES = ("near", "far", "before", "after")
UNKEPT = ""  # `path` of a file that we can't keep a copy of


class FileLike(Protocol):
    """What is needed to send a file again."""

    @property
    def kind(self) -> str: ...
    @property
    def file_id(self) -> str: ...
    @property
    def unique_id(self) -> str: ...


class Given(FileLike, Protocol):
    """A file as somebody sent it. `size` in bytes, or None."""

    @property
    def mime(self) -> str | None: ...
    @property
    def size(self) -> int | None: ...


def add(
    session: Session, case: Case, file: Given, role: str, by: UUID | None, now: datetime
) -> Attachment:
    """The file belongs to the case from now on; sent twice in the same role, it is there once.

    `role`: report, answer or one of ROLES. Raises Refused `file_too_big`, `file_kind`.
    """
    if file.kind not in KINDS:
        raise Refused("file_kind")
    if (file.size or 0) > MOST_MEGABYTES * MEGABYTE:
        raise Refused("file_too_big", megabytes=MOST_MEGABYTES)
    return _known(session, case, file, role) or _new(session, case, file, role, by, now)


def _known(session: Session, case: Case, file: Given, role: str) -> Attachment | None:
    query = select(Attachment).where(
        Attachment.district == case.district,
        Attachment.case == case.id,
        Attachment.unique_id == file.unique_id,
        Attachment.role == role,
    )
    return session.exec(query).first()


def _new(
    session: Session, case: Case, file: Given, role: str, by: UUID | None, now: datetime
) -> Attachment:
    made = Attachment(
        district=case.district,
        case=case.id,
        kind=file.kind,
        role=role,
        bot=case.bot,
        file_id=file.file_id,
        unique_id=file.unique_id,
        mime=file.mime,
        size=file.size,
        by=by,
        at=now,
    )
    session.add(made)
    session.flush()
    return made


def of(session: Session, case: Case, role: str | None = None) -> list[Attachment]:
    """The case's files in the order they came, with what was reported in those that were merged
    into it; without those that were erased."""
    own = col(Attachment.case) == case.id
    if case.absorbed and role in (None, "report"):
        merged = select(Case.id).where(
            Case.district == case.district, col(Case.merged_into) == case.id
        )
        theirs = and_(col(Attachment.case).in_(merged), col(Attachment.role) == "report")
        own = or_(own, theirs)
    query = select(Attachment).where(
        Attachment.district == case.district, own, col(Attachment.erased_at).is_(None)
    )
    if role is not None:
        query = query.where(Attachment.role == role)
    return list(session.exec(query.order_by(col(Attachment.at), col(Attachment.id))))


def one(session: Session, case: Case, key: UUID | None) -> Attachment:
    """A file of the case. Raises Refused `photo_gone`."""
    found = session.get(Attachment, (case.district, key)) if key else None
    if found is None or found.case != case.id or found.erased_at is not None:
        raise Refused("photo_gone")
    return found


def set_role(session: Session, case: Case, photo: Attachment, role: str) -> None:
    """What the photo shows. Raises Refused `role_unknown`, `last_after`, `role_taken`.

    Once it is called done, one photo of how it looks now stays one: it is the evidence.
    """
    if role not in ROLES:
        raise Refused("role_unknown")
    if photo.role == role:
        return
    afters = [each for each in of(session, case, "after") if each.kind == "photo"]
    proof = case.evidence == "photo" and case.state not in [str(each) for each in BEFORE_DONE]
    if proof and afters == [photo]:
        raise Refused("last_after")
    if any(each.unique_id == photo.unique_id for each in of(session, case, role)):
        raise Refused("role_taken")
    photo.role = role
    session.add(photo)
    session.flush()


def by_role(files: Sequence[FileLike]) -> dict[str, list[FileLike]]:
    """Files kept apart by what they show, in the order report, ROLES, answer."""
    found: dict[str, list[FileLike]] = {}
    for role in ("report", *ROLES, "answer"):
        some = [each for each in files if getattr(each, "role", "report") == role]
        if some:
            found[role] = some
    return found


def is_image(attachment: Attachment) -> bool:
    """A photo, or a picture sent as a document (which still has its metadata)."""
    return attachment.kind == "photo" or (
        attachment.kind == "document" and (attachment.mime or "").startswith("image/")
    )


def shown(attachment: Attachment) -> dict[str, str] | None:
    """How a picture may be shown to others: our own stripped copy, else a photo as it was sent.

    (Telegram strips photos, documents it leaves as they are.) None: not at all.
    """
    if not is_image(attachment) or attachment.erased_at is not None:
        return None
    if attachment.path:
        return {"path": attachment.path}
    return {"file_id": attachment.file_id} if attachment.kind == "photo" else None


def is_nameless(file: FileLike) -> bool:
    """Whether it can be passed on without its maker's name: not a document of which there is no
    copy of ours yet, since its own name goes with it."""
    return file.kind != "document" or bool(getattr(file, "path", None))


def unkept(session: Session, district: str, since: datetime, limit: int) -> list[Attachment]:
    """Files that came after `since` and of which there is no copy yet, oldest first."""
    query = select(Attachment).where(
        Attachment.district == district,
        col(Attachment.at) >= since,
        col(Attachment.erased_at).is_(None),
        col(Attachment.path).is_(None),
    )
    return list(session.exec(query.order_by(col(Attachment.at)).limit(limit)))


def keep(session: Session, district: str, key: UUID, path: str) -> bool:
    """Our copy lies at `path` (UNKEPT: there will be none). False if it was erased meanwhile."""
    row = session.get(Attachment, (district, key))
    if row is None or row.erased_at is not None:
        return False
    row.path = path
    session.add(row)
    return True


def erased(session: Session, district: str, keys: list[UUID]) -> set[UUID]:
    """Those of the keys whose file must not lie here any more: erased, or of no row."""
    kept = session.exec(
        select(Attachment.id).where(
            Attachment.district == district,
            col(Attachment.id).in_(keys),
            col(Attachment.erased_at).is_(None),
        )
    )
    return set(keys) - set(kept)
