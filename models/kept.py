"""What a unit of work has read it keeps until it ends.

SQLAlchemy's identity map holds objects weakly, so a row that nobody refers to is read again at
the next `session.get`. Sessions here last one job, so holding on costs nothing and saves a
third of the statements. Whoever changes rows by a statement on the connection and reads them
again in the same job must expire them.
"""

from typing import Any

from sqlalchemy import event
from sqlmodel import Session

KEPT = "kept"


@event.listens_for(Session, "loaded_as_persistent")
@event.listens_for(Session, "pending_to_persistent")
def keep(session: Any, instance: Any) -> None:
    """Hold the row until the session ends."""
    session.info.setdefault(KEPT, []).append(instance)
