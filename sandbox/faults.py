"""Faults on order: what can go wrong between a bot and Telegram, when and how often."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sandbox.errors import UserError

CALL_KINDS = {
    "429",
    "5xx",
    "reset",
    "hang_after_accept",
    "blocked",
    "kicked",
    "migrated",
    "bad_json",
}
UPDATE_KINDS = {"duplicate", "reorder"}
FIELDS = {"kind", "method", "chat", "skip", "count", "retry_after"}
RETRY_AFTER = 1  # seconds, unless the order says otherwise


@dataclass
class Fault:
    """One order: let `skip` matching calls pass, then strike `count` times."""

    id: int
    kind: str
    method: str | None = None  # lower case; None: any
    chat: int | None = None  # None: any
    skip: int = 0
    count: int = 1
    retry_after: int = RETRY_AFTER

    def matches(self, method: str | None, chat: int | None) -> bool:
        """Whether a call of `method` about `chat` is meant."""
        return (self.method in (None, method)) and (self.chat in (None, chat))

    def strikes(self) -> bool:
        """Counts one matching call; True if the fault happens to it."""
        if self.skip > 0:
            self.skip -= 1
            return False
        self.count -= 1
        return True


@dataclass
class Faults:
    """The orders not yet used up, oldest first."""

    orders: list[Fault] = field(default_factory=list)
    last_id: int = 0

    def order(self, body: dict[str, Any]) -> Fault:
        """Takes an order from the user side; UserError names the field that is wrong."""
        _refuse_bad(body)
        self.last_id += 1
        method = body.get("method")
        fault = Fault(
            self.last_id,
            str(body["kind"]),
            method.lower() if method else None,
            body.get("chat"),
            body.get("skip") or 0,
            1 if body.get("count") is None else body["count"],
            RETRY_AFTER if body.get("retry_after") is None else body["retry_after"],
        )
        self.orders.append(fault)
        return fault

    def for_call(self, method: str, chat: int | None, also: set[str]) -> Fault | None:
        """The fault that strikes this call, if any. `also`: kinds that can't happen to it."""
        return self._next(CALL_KINDS - also, method.lower(), chat)

    def for_update(self, kind: str, chat: int | None) -> bool:
        """Whether the delivery of an update about `chat` is to be duplicated or reordered."""
        return self._next({kind}, None, chat) is not None

    def has(self, kind: str) -> bool:
        """Whether an order of this kind is open."""
        return any(fault.kind == kind for fault in self.orders)

    def _next(self, kinds: set[str], method: str | None, chat: int | None) -> Fault | None:
        for fault in self.orders:
            wanted = fault.kind in kinds and (method is None or fault.matches(method, chat))
            if wanted and fault.chat in (None, chat) and fault.strikes():
                self.orders = [one for one in self.orders if one.count > 0]
                return fault
        return None

    def clear(self) -> None:
        """Forgets all orders."""
        self.orders = []


def _refuse_bad(body: dict[str, Any]) -> None:
    for name in set(body) - FIELDS:
        raise UserError("unknown field", name)
    if str(body.get("kind")) not in CALL_KINDS | UPDATE_KINDS:
        raise UserError(f"must be one of {', '.join(sorted(CALL_KINDS | UPDATE_KINDS))}", "kind")
    for name in ("chat", "skip", "count", "retry_after"):
        value = body.get(name)
        if value is not None and (isinstance(value, bool) or not isinstance(value, int)):
            raise UserError("must be a whole number", name)
    if body.get("method") is not None and not isinstance(body["method"], str):
        raise UserError("must be the name of a method", "method")
