"""PostgreSQL keeps inbox and outbox in partitions by time (decision 20).

What a table may have once per bot (an update's number, a message's dedupe key) an index can only
say within one partition. Across them it is said by who writes: `models/inbox.store` locks the
chat's lane before it looks, and every unit of work that queues a named message also changes the
row (case, due row, update) that the name is made of.
"""

from sqlalchemy import func, select
from sqlmodel import Session

PARTED = ("inbox", "outbox")
# unique in each partition, and not as a constraint of the whole table
ONCE = {"inbox": "uq_inbox_bot_update_id", "outbox": "uq_outbox_bot_dedupe"}


def are_here(session: Session) -> bool:
    """Whether this database has partitions at all."""
    return session.get_bind().dialect.name == "postgresql"


def turn(session: Session, keep_updates: int, keep_messages: int) -> int:
    """Make the periods that come and drop those that are over, after so many days; how many.

    A period goes before its first row is older than that, if nothing in it waits. Real time
    counts, since keys are made of it.
    """
    if not are_here(session):
        return 0
    turned = func.linli_turn_periods(keep_updates, keep_messages)
    return int(session.execute(select(turned)).scalar_one())
