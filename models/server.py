"""How a PostgreSQL server is reached: what the settings say, known without its driver.

A service on SQLite never loads models/postgres, which brings asyncpg.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

POOL = 10
# a unit of work and what it waits for, before the caller hears Unavailable: longer than what
# the server allows one statement, so that this ends only what the server no longer answers
UNIT_SECONDS = 15.0
# what a session may wait for; a pooler doesn't pass these on, so the service's role has them
# there (docs/scaling.md)
SESSION = {
    "statement_timeout": "10000",
    "lock_timeout": "5000",
    "idle_in_transaction_session_timeout": "15000",
    "tcp_keepalives_idle": "10",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "3",
    # our statements are short: compiling them costs more than it saves
    "jit": "off",
    "timezone": "UTC",
}


@dataclass(frozen=True, slots=True)
class Server:
    """How to reach a server. `pool`: connections kept; as many again when all are in use.

    `pooled`: the address is pgbouncer's in transaction mode, where statements can't be kept
    and sessions can't be set up. `seconds`: for one unit of work; None: it may take minutes,
    and so may its statements if `session` says so.
    """

    pool: int = POOL
    pooled: bool = False
    seconds: float | None = UNIT_SECONDS
    session: Mapping[str, str] = field(default_factory=lambda: SESSION)


# who changes tables may take long over it, but not wait long for a lock that others queue behind
MIGRATING = Server(
    seconds=None,
    session=SESSION | {"statement_timeout": "0", "idle_in_transaction_session_timeout": "0"},
)
