"""What a unit of work is equipped with besides its rows: policy, vault, catalogue."""

from collections.abc import Callable
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
    """Given to every session by the database (`Session.info["equipment"]`).

    `usernames`: the platform's name of each of our bots by its id, for links to their chats.
    `draw`: chance, as numbers from [0, 1); what is below a district's share is checked on the
    spot. Without one nothing is drawn.
    `districts`: the one district that a bot serves, by its id; a bot that isn't here serves all.
    """

    policy: Policy = field(default_factory=Policy)
    vault: "Vault | None" = None
    usernames: dict[str, str] = field(default_factory=dict)
    districts: dict[str, str] = field(default_factory=dict)
    draw: Callable[[], float] = lambda: 1.0


def policy(session: Session) -> Policy:
    """The deployment's numbers."""
    return equipment(session).policy


def link(session: Session, bot: str, payload: str) -> str | None:
    """A link that opens the bot's private chat with a start payload; None for an unknown bot."""
    name = equipment(session).usernames.get(bot)
    return f"https://t.me/{name}?start={payload}" if name else None


def bots_district(session: Session, bot: str) -> str | None:
    """The one district that the bot serves; None: any of the deployment."""
    return equipment(session).districts.get(bot)


def vault(session: Session) -> "Vault":
    """The deployment's vault. Raises Refused `no_vault`."""
    safe = equipment(session).vault
    if safe is None:
        raise Refused("no_vault")
    return safe


def equipment(session: Session) -> Equipment:
    """What the session was equipped with; the defaults if nothing was."""
    found: Equipment | None = session.info.get(KEY)
    if found is None:
        found = session.info[KEY] = Equipment()
    return found
