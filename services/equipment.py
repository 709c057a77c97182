"""What a unit of work is equipped with besides its rows: policy, vault, catalogue."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sqlmodel import Session

from domain.policy import Policy
from domain.refused import Refused

if TYPE_CHECKING:
    from services.vault import Vault

KEY = "equipment"


@dataclass(frozen=True, slots=True)
class Equipment:
    """Given to every session by the database (`Session.info["equipment"]`)."""

    policy: Policy = field(default_factory=Policy)
    vault: "Vault | None" = None


def policy(session: Session) -> Policy:
    """The deployment's numbers."""
    return equipment(session).policy


def vault(session: Session) -> "Vault":
    """The deployment's vault. Raises Refused `no_vault`."""
    safe = equipment(session).vault
    if safe is None:
        raise Refused("no_vault")
    return safe


def equipment(session: Session) -> Equipment:
    """What the session was equipped with; the defaults if nothing was."""
    found: Equipment = session.info.setdefault(KEY, Equipment())
    return found
