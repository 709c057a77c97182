"""What is counted for /metrics. Numbers only, labelled by words of ours."""

from prometheus_client import Counter, Histogram

from models.measures import FAST

DROPPED = Counter("linli_updates_dropped", "Updates that were not for us, dropped in memory")
RUBBISH = Counter("linli_updates_rubbish", "Updates that could not be read")
RECEIVED = Counter("linli_updates_received", "Updates stored before they were confirmed")
HANDLED = Counter("linli_updates_handled", "Updates handled and committed")
FAILED = Counter("linli_updates_failed", "Tries of an update that failed", ["error"])
SENT = Counter("linli_messages_sent", "Outbox rows delivered", ["act"])
DEAD = Counter("linli_messages_dead", "Outbox rows that can't be delivered", ["error"])
HALTED = Counter("linli_halts", "Times that Telegram told us to wait (429)")
REFUSED = Counter("linli_webhook_refused", "Requests to the webhook that got no 200", ["status"])
CONFLICTS = Counter("linli_polling_conflicts", "Polls refused because of another poller (409)")
CONFIRMING = Histogram(
    "linli_confirm_seconds",
    "From an update's arrival to its durable commit",
    buckets=FAST,
)
HANDLING = Histogram("linli_handling_seconds", "From claiming an update to its commit")
