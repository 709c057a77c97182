"""In a group that listens: which words that nobody addressed to the bot are asked about."""

from __future__ import annotations

from dataclasses import dataclass

from domain.catalogue import Catalogue
from domain.reading import Reading


@dataclass(frozen=True, slots=True)
class Heard:
    """What is to be known of a message that is asked about. `aside`: it may be for one named
    person, so its writer is written to in private, if that can be."""

    danger: bool = False
    aside: bool = False


def hear(
    reading: Reading, catalogue: Catalogue, listen_from: float, danger_from: float
) -> Heard | None:
    """Whether a text is to be asked about. None: it is chatter, and nobody need know of it.

    It must read like a report with the probability `listen_from`, danger with `danger_from`: to
    ask about a joke costs less than to miss a smell of gas.
    """
    first = catalogue.kinds.get(reading.kinds[0][0]) if reading.kinds else None
    aside = first is not None and first.reach == "named"
    danger = aside or reading.urgency == "now"
    enough = danger_from if danger else listen_from
    return Heard(danger, aside) if reading.report >= enough else None
