"""What seldom changes is remembered between units of work: divisions, groups, contacts, roles,
rosters, leave, the catalogue, open causes.

Each topic has a stamp, a row that every change of the topic's tables renews in its own
transaction. A unit of work reads the stamps once; what was remembered under another stamp is
found anew. So a change counts at once for everybody, on all replicas, and a change that is undone
was never remembered. Answers are shared by all units of work: they hold no rows that anybody
changes, only values and `snapshot`s.
"""

from collections.abc import Callable, Hashable
from typing import Any, TypeVar
from uuid import uuid4

from sqlalchemy import Connection, Delete, Engine, Insert, Update, event, select
from sqlalchemy.orm import object_session
from sqlmodel import Field, Session

from models.row import Row
from models.upsert import insert_into

T = TypeVar("T")

STAFF, PLACES, CATALOGUE, CAUSES = "staff", "places", "catalogue", "causes"
# answers kept in one process before all are forgotten and found anew
MOST = 50_000
DEPLOYMENT = ""

# in Session.info: the memory of the database, this unit's stamps, and unflushed changes
MEMORY, STAMPS, TOUCHED = "memory", "stamps", "touched"
# in Connection.info: how often a topic's tables were changed or a change was undone
CHANGES = "changes"

Memory = dict[Hashable, tuple[str, Any]]
# changes when they were read, the connection's count of changes, and the stamps
Stamps = tuple[int, list[int], dict[str, str]]


class Stamp(Row, table=True):
    """When a topic was last changed, as a word that never comes again.

    `district` is "" so far: one stamp for all of a deployment.
    """

    __tablename__ = "stamp"

    district: str = Field(primary_key=True)
    topic: str = Field(primary_key=True)
    value: str


_TABLE: Any = Stamp.__table__  # type: ignore[attr-defined]
_READ = select(_TABLE.c.topic, _TABLE.c.value).where(_TABLE.c.district == DEPLOYMENT)
_topics: dict[str, str] = {}


class Remembered(Row):
    """The base of tables whose answers are remembered; `of_topic` names their topic."""

    def __setattr__(self, name: str, value: Any) -> None:
        object.__setattr__(self, name, value)
        session = object_session(self)
        if session is not None:
            session.info[TOUCHED] = True


def of_topic(topic: str) -> Callable[[type[T]], type[T]]:
    """Every change of this table renews the topic's stamp."""

    def mark(table: type[T]) -> type[T]:
        _topics[table.__tablename__] = topic  # type: ignore[attr-defined]
        return table

    return mark


def is_remembered(table: str) -> bool:
    """Whether answers from the table of this name are remembered."""
    return table in _topics


def known(session: Session, topic: str, key: Hashable, find: Callable[[], T]) -> T:
    """The answer of `find` as it is now; found again only if the topic has changed.

    `key` names the question and its arguments. The answer must not hold rows or be changed.
    """
    info = session.info
    if TOUCHED in info:
        del info[TOUCHED]
        session.flush()
    stamps = info.get(STAMPS)
    if stamps is None or stamps[0] != stamps[1][0]:
        stamps = _read_stamps(session)
    stamp = stamps[2].get(topic, "")
    memory: Memory = info.setdefault(MEMORY, {})
    kept = memory.get((topic, key))
    if kept is not None and kept[0] == stamp:
        found: T = kept[1]
        return found
    with session.no_autoflush:  # what changed the topic is written
        answer = find()
    if len(memory) >= MOST:
        memory.clear()
    memory[(topic, key)] = (stamp, answer)
    return answer


def _read_stamps(session: Session) -> Stamps:
    """This unit's stamps; read again after a change or an undone change of its own."""
    connection = session.connection()
    changes = connection.info.setdefault(CHANGES, [0])
    values = {topic: value for topic, value in connection.execute(_READ)}
    found = session.info[STAMPS] = (changes[0], changes, values)
    return found


@event.listens_for(Engine, "before_execute")
def _renew(connection: Connection, statement: Any, _many: Any, _params: Any, _options: Any) -> None:
    """A statement that changes a topic's table renews the topic's stamp in its transaction."""
    if not isinstance(statement, (Insert, Update, Delete)):
        return
    topic = _topics.get(getattr(statement.table, "name", ""))
    if topic is None:
        return
    forget_stamps(connection)
    value = uuid4().hex
    fresh = insert_into(connection, Stamp).values(district=DEPLOYMENT, topic=topic, value=value)
    connection.execute(
        fresh.on_conflict_do_update(index_elements=["district", "topic"], set_={"value": value})
    )


def forget_stamps(connection: Connection, *_rest: Any) -> None:
    """Something was changed or undone: the stamps that a unit has read may no longer hold."""
    if not connection.invalidated:  # a new one knows nothing yet
        connection.info.setdefault(CHANGES, [0])[0] += 1


event.listen(Engine, "rollback", forget_stamps)
event.listen(Engine, "rollback_savepoint", forget_stamps)


@event.listens_for(Remembered, "before_delete", propagate=True)
def _refuse(_mapper: Any, _connection: Connection, row: Any) -> None:
    """Until the flush nobody would know that it is gone."""
    raise TypeError(f"{type(row).__name__} is remembered: delete it by a statement")


@event.listens_for(Session, "transient_to_pending")
def _touch(session: Any, instance: Any) -> None:
    if isinstance(instance, Remembered):
        session.info[TOUCHED] = True


class _Snapshot:
    """A row's values, for reading only."""

    def __init__(self, values: dict[str, Any]) -> None:
        self.__dict__.update(values)

    def __setattr__(self, name: str, value: Any) -> None:
        raise TypeError(f"a remembered row is not changed ({name}): get the row itself")


def snapshot(row: T) -> T:
    """A copy of a row that can be kept and read, and never changed (TypeError)."""
    fields = type(row).model_fields  # type: ignore[attr-defined]
    copy: T = read_only({name: getattr(row, name) for name in fields})
    return copy


def read_only(values: dict[str, Any]) -> Any:
    """What looks like a row with these values, to be read and never changed (TypeError)."""
    return _Snapshot(values)
