"""A case, what happened to it, who speaks for it, what is attached, and what is due."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKeyConstraint, Index, UniqueConstraint, bindparam, event, false, text
from sqlmodel import Field, Session, select

from models.append import numbers
from models.columns import Json, UTCDateTime, new_id
from models.row import Row
from models.statement import Prepared
from models.upsert import insert_into

OPEN = "state NOT IN ('closed', 'not_admitted', 'withdrawn', 'voided', 'merged', 'archived')"

# an open case that nobody has, or for which nothing will ever happen
WRONG = f"(next_at IS NULL OR owner_unit = '') AND {OPEN}"


# reported to a desk above, and still open
SUPERVISED = f"supervised_unit IS NOT NULL AND {OPEN}"


class Case(Row, table=True):
    """One matter. Its columns are the last line of its history (CaseEvent).

    `due_at` is the promise to the reporter, frozen at opening with `limit_value`,
    `limit_unit`; new configuration never moves it, only a granted extension or a suspension does,
    of which the reporter is told. `owner` is a person, or None while the unit's desk (`owner_unit`)
    has it. `circle`: which of the three has it now, since `circle_since` (None: since the opening),
    its own time ending at `circle_due_at` (None: with the promise). `instructions` are words that
    came down with it. `next_at`: when the service acts by itself next. `version` grows with every
    change of state, so that an old button shows its age.
    `returned_by`: units that handed it back; `returned_to`: the desk where it lies since, until
    somebody takes it; `arbiter`: the desk above them that decides, `bound_*` its word. `agreed`:
    who of a quarrel's sides said that it is settled. `end_reason`: why it was forced or voided.
    `urged`: how often a desk has urged it, last at `urged_at`. `supervised_unit`: the highest desk
    that it was reported to. `merged_into`: the case that goes on for this one too; `absorbed`: how
    many went into this one. `cause`: what it has in common with others (models/causes).
    `text`, `trace`, `place_*`, `lat`, `lon` and `reporter` are personal and erased on archiving.
    """

    __tablename__ = "case_file"
    __table_args__ = (
        UniqueConstraint("district", "number"),
        Index("ix_case_grid", "district", "grid", "opened_at"),
        Index("ix_case_owner", "district", "owner", "state"),
        Index("ix_case_reporter", "district", "reporter"),
        Index("ix_case_opened", "district", "opened_at"),
        # an edited message finds its case, a group that moved takes its cases along
        Index("ix_case_message", "bot", "source_chat", "source_message"),
        # services/retention: ended and not archived yet
        Index(
            "ix_case_closed",
            "district",
            "closed_at",
            sqlite_where=text("archived_at IS NULL"),
            postgresql_where=text("archived_at IS NULL"),
        ),
        # services/auditing: holds only what is wrong, so nothing
        Index(
            "ix_case_wrong",
            "district",
            "number",
            sqlite_where=text(WRONG),
            postgresql_where=text(WRONG),
        ),
        # the same words again in the same grid join the open case (services/reporting); a desk's
        # filters are counted and paged in the index alone (services/caselist)
        Index(
            "ix_case_open_words",
            "district",
            "grid",
            "words_key",
            "state",
            "due_at",
            "warn_at",
            "opened_at",
            "reopenings",
            "reach",
            "kind",
            "id",
            sqlite_where=text(OPEN),
            postgresql_where=text(OPEN),
        ),
        # services/same: what a new report may be one more voice of
        Index(
            "ix_case_near",
            "district",
            "community",
            "near",
            "opened_at",
            sqlite_where=text("near IS NOT NULL"),
            postgresql_where=text("near IS NOT NULL"),
        ),
        # services/summary: the few that were reported upwards
        Index(
            "ix_case_supervised",
            "district",
            "supervised_unit",
            sqlite_where=text(SUPERVISED),
            postgresql_where=text(SUPERVISED),
        ),
        # services/merging, services/causes: what went into a case, what is under a cause
        Index(
            "ix_case_merged",
            "district",
            "merged_into",
            sqlite_where=text("merged_into IS NOT NULL"),
            postgresql_where=text("merged_into IS NOT NULL"),
        ),
        # services/auditing: what others went into
        Index(
            "ix_case_absorbed",
            "district",
            "id",
            sqlite_where=text("absorbed > 0"),
            postgresql_where=text("absorbed > 0"),
        ),
        Index(
            "ix_case_cause",
            "district",
            "cause",
            "id",
            sqlite_where=text("cause IS NOT NULL"),
            postgresql_where=text("cause IS NOT NULL"),
        ),
    )

    district: str = Field(primary_key=True)
    id: UUID = Field(default_factory=new_id, primary_key=True)
    number: str
    version: int = 1
    grid: str
    community: str
    group: UUID | None = None

    state: str
    closing: str | None = None
    kind: str
    kind_p: float = 0.0
    alternatives: list[str] = Field(default_factory=list, sa_type=Json)
    condition: int | None = None
    not_admitted: str | None = None
    urgency: str = "normal"
    # whose word the urgency is (domain/lifecycle: Alarm); None if not the words' alone
    alarm: str | None = None
    reach: str = "owner"
    evidence: str = "note"
    verify: str = "reporter"
    private: bool = False
    two_sides: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    # the reporter would rather not be named: to who handles it, in the group
    hide_name: bool = False
    hide_group: bool = False
    # when the reporter had what they wrote in the group deleted there
    unsaid_at: datetime | None = Field(default=None, sa_type=UTCDateTime)

    text: str = ""
    words_key: str = ""
    # what later reports are compared with: the building ("" if it is none's; None: with nothing,
    # as for all that is private), and what the words name
    near: str | None = None
    trace: str = Field(default="", sa_column_kwargs={"server_default": ""})
    # the case that the reporter is asked about: is it this one?
    alike: UUID | None = None
    language: str = "zh-Hans"
    place_building: str | None = None
    place_unit: str | None = None
    place_floor: str | None = None
    place_room: str | None = None
    place_landmark: str | None = None
    lat: float | None = None
    lon: float | None = None

    source: str = "group"
    channel: str = "group"
    bot: str = ""
    platform: str = "telegram"
    source_chat: str | None = None
    source_message: str | None = None
    reporter: UUID | None = None
    filed_by: UUID | None = None

    owner: UUID | None = None
    owner_unit: str
    circle: str = "micro"
    passed: list[str] = Field(default_factory=list, sa_type=Json)

    limit_value: int | None = None
    limit_unit: str | None = None
    due_at: datetime = Field(sa_type=UTCDateTime)
    due_provisional: bool = False
    warn_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    next_at: datetime | None = Field(default=None, sa_type=UTCDateTime)

    opened_at: datetime = Field(sa_type=UTCDateTime)
    taken_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    taken_by: UUID | None = None
    arrived_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    waiting_since: datetime | None = Field(default=None, sa_type=UTCDateTime)
    appointment_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    done_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    done_by: UUID | None = None
    closed_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    archived_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    overdue_at: datetime | None = Field(default=None, sa_type=UTCDateTime)

    lead_unit: str | None = None
    circle_since: datetime | None = Field(default=None, sa_type=UTCDateTime)
    circle_due_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    circle_overdue_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    # up to when what each circle exceeded its own time by has been counted, and the seconds
    circle_counted_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    over_micro: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    over_small: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    over_big: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    instructions: str = Field(default="", sa_column_kwargs={"server_default": ""})

    stars: int | None = None
    voices: int = 1
    reopenings: int = 0
    hand_backs: int = 0
    revisits_done: int = 0
    reworks: int = 0

    returned_by: list[str] = Field(default_factory=list, sa_type=Json)
    returned_to: str | None = None
    arbiter: str | None = None
    bound_unit: str | None = None
    bound_by: UUID | None = None
    bound_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    done_unit: str | None = None
    checked_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    checked_by: UUID | None = None
    asked_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    agreed: list[str] = Field(default_factory=list, sa_type=Json)
    side_code: str | None = None
    on_the_spot: bool = False
    end_reason: str | None = None

    # what it waits for: reporter, task, suspended (None with state waiting: the reporter)
    waits_for: str | None = None
    # the handler's own deadline where waiting moved it away from the promise
    handle_by: datetime | None = Field(default=None, sa_type=UTCDateTime)
    # the promise first given, once a granted extension or a suspension gave a new one
    first_due_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    # work time that it waited and that doesn't count against the handler
    waited_seconds: int = 0
    extensions: int = 0
    extension_asked: int | None = None
    extension_reason: str | None = None
    extension_unit: str | None = None
    suspensions: int = 0
    suspended_until: datetime | None = Field(default=None, sa_type=UTCDateTime)
    # why the promise is another than the first
    moved_reason: str | None = None
    stage_since: datetime | None = Field(default=None, sa_type=UTCDateTime)
    stage_late_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    stages_late: list[str] = Field(default_factory=list, sa_type=Json)
    # asked, exempt or upheld; the raw facts (overdue_at, hand_backs) stay whatever it says
    appeal: str | None = None
    appeal_reason: str | None = None
    appeal_unit: str | None = None
    urged: int = 0
    urged_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    supervised_unit: str | None = None

    merged_into: UUID | None = None
    absorbed: int = 0
    cause: UUID | None = None


class CaseEvent(Row, table=True):
    """One thing that happened, appended and never changed.

    `facts` hold nothing personal; `personal` may be erased with the person.
    """

    __tablename__ = "case_event"
    __table_args__ = (
        ForeignKeyConstraint(["district", "case"], ["case_file.district", "case_file.id"]),
        UniqueConstraint("district", "case", "seq"),
        Index("ix_case_event_at", "district", "at", "verb"),
    )

    district: str = Field(primary_key=True)
    id: UUID = Field(default_factory=new_id, primary_key=True)
    case: UUID
    seq: int
    at: datetime = Field(sa_type=UTCDateTime)
    verb: str
    actor: UUID | None = None
    standing: str = "clock"
    before: str | None = None
    after: str
    facts: dict[str, Any] = Field(default_factory=dict, sa_type=Json)
    personal: dict[str, Any] = Field(default_factory=dict, sa_type=Json)


class GroupPost(Row, table=True):
    """Who wrote a message in a group that belongs to a case; `writer` None: somebody else.

    Only where the case's own row doesn't say it: a further picture of an album, words that were
    added or joined, a message that another person's `/report` is about.
    """

    __tablename__ = "group_post"
    __table_args__ = (
        ForeignKeyConstraint(["district", "case"], ["case_file.district", "case_file.id"]),
    )

    district: str = Field(primary_key=True)
    case: UUID = Field(primary_key=True)
    message: str = Field(primary_key=True)
    writer: UUID | None = None


# the part of a quarrel's other party, who is asked as well and told nothing of the first
OTHER_SIDE = "other_side"


class Voice(Row, table=True):
    """Somebody whose matter a case is: `part` is reporter, writer (said the same words), joined
    or other_side. `via`: the merged case through which they came; there they have a voice too.
    """

    __tablename__ = "voice"
    __table_args__ = (
        ForeignKeyConstraint(["district", "case"], ["case_file.district", "case_file.id"]),
        Index("ix_voice_person", "district", "person"),
    )

    district: str = Field(primary_key=True)
    case: UUID = Field(primary_key=True)
    person: UUID = Field(primary_key=True)
    part: str = "reporter"
    at: datetime = Field(sa_type=UTCDateTime)
    via: UUID | None = None


class Attachment(Row, table=True):
    """A photo, voice note or document of a case; `role`: report, near, far, before,
    after, answer.

    `path` is where our own copy lies (metadata stripped), below the files folder.
    """

    __tablename__ = "attachment"
    __table_args__ = (
        ForeignKeyConstraint(["district", "case"], ["case_file.district", "case_file.id"]),
        Index("ix_attachment_case", "district", "case"),
        # services/retention and bot/files: what still lies somewhere
        Index(
            "ix_attachment_kept",
            "district",
            "at",
            sqlite_where=text("erased_at IS NULL"),
            postgresql_where=text("erased_at IS NULL"),
        ),
        UniqueConstraint("district", "case", "unique_id", "role"),
    )

    district: str = Field(primary_key=True)
    id: UUID = Field(default_factory=new_id, primary_key=True)
    case: UUID
    kind: str
    role: str = "report"
    bot: str
    file_id: str
    unique_id: str
    mime: str | None = None
    size: int | None = None
    path: str | None = None
    by: UUID | None = None
    at: datetime = Field(sa_type=UTCDateTime)
    erased_at: datetime | None = Field(default=None, sa_type=UTCDateTime)


class NumberSeries(Row, table=True):
    """The last number given out of a series such as KL8-2611."""

    __tablename__ = "number_series"

    district: str = Field(primary_key=True)
    series: str = Field(primary_key=True)
    last: int = 0


def next_of(session: Session, district: str, series: str) -> int:
    """One more than the last number of the series, which is thereby given out.

    The series is held until the unit of work ends, and written with its commit.
    """
    given, key = numbers(session), (district, series)
    if key not in given:
        given[key] = _LAST.first(session, {"of_district": district, "of_series": series}) or 0
    given[key] += 1
    return given[key]


_LAST = Prepared(
    lambda _: (
        select(NumberSeries.last)
        .where(
            NumberSeries.district == bindparam("of_district"),
            NumberSeries.series == bindparam("of_series"),
        )
        .with_for_update()
    )
)


def _giving(session: Session) -> Any:
    names = ("district", "series", "last")
    given = insert_into(session, NumberSeries).values({name: bindparam(name) for name in names})
    return given.on_conflict_do_update(
        index_elements=["district", "series"], set_={"last": given.excluded.last}
    )


_GIVE = Prepared(_giving)


@event.listens_for(Session, "before_commit")
def _write_numbers(session: Any) -> None:
    given = numbers(session)
    if given:
        rows = [{"district": of[0], "series": of[1], "last": last} for of, last in given.items()]
        _GIVE.many(session, rows)
        given.clear()


class Due(Row, table=True):
    """Something that will happen by itself at `at`; `key` makes it happen once.

    A case's timer has the key `case:<id>:<name>`. `state`: pending, fired or dropped
    (its case had moved on; `trace` says how).
    """

    __tablename__ = "due"
    __table_args__ = (
        UniqueConstraint("district", "key"),
        # the sweep reads what is due, not what exists: most urgent, then oldest
        Index(
            "ix_due_pending",
            "at",
            "district",
            "id",
            sqlite_where=text("state = 'pending'"),
            postgresql_where=text("state = 'pending'"),
        ),
        Index("ix_due_case", "district", "case"),
        # services/auditing: rows that failed and wait for another try
        Index(
            "ix_due_failing",
            "district",
            "id",
            sqlite_where=text("state = 'pending' AND trace IS NOT NULL"),
            postgresql_where=text("state = 'pending' AND trace IS NOT NULL"),
        ),
    )

    district: str = Field(primary_key=True)
    id: UUID = Field(default_factory=new_id, primary_key=True)
    key: str
    name: str
    at: datetime = Field(sa_type=UTCDateTime)
    urgent: bool = False
    case: UUID | None = None
    subject: str | None = None
    data: dict[str, Any] = Field(default_factory=dict, sa_type=Json)
    state: str = "pending"
    trace: str | None = None
    fired_at: datetime | None = Field(default=None, sa_type=UTCDateTime)


class Audit(Row, table=True):
    """Who looked at or changed what outside a case's own history; append-only."""

    __tablename__ = "audit"
    __table_args__ = (Index("ix_audit_at", "district", "at"),)

    district: str = Field(primary_key=True)
    id: UUID = Field(default_factory=new_id, primary_key=True)
    at: datetime = Field(sa_type=UTCDateTime)
    actor: UUID | None = None
    act: str
    object: str = ""
    facts: dict[str, Any] = Field(default_factory=dict, sa_type=Json)
