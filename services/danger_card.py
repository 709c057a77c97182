"""Whether it is urgent, on the cards: asked of the reporter alone, and what they said."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.lifecycle import BEFORE_DONE, Alarm, is_asked
from services.cases import facts_of
from services.outbox import Rows

if TYPE_CHECKING:
    from services.cards import Look


def question(look: Look) -> str | None:
    """The kind's question, on the reporter's own card while the answer would count."""
    if look.state not in BEFORE_DONE or not is_asked(facts_of(look.case)):
        return None
    asked = look.catalogue.danger(look.case.kind, look.language)
    return look.say("card.danger", question=asked) if asked else None


def rows(look: Look) -> Rows:
    """Yes and no; empty when nothing is asked."""
    if question(look) is None:
        return ()
    yes = look.button("danger", "btn.danger_yes", "yes", "danger")
    return ((yes, look.button("danger", "btn.danger_no", "no")),)


def after_all(look: Look) -> Rows:
    """The way back for who said no, by mistake or too soon."""
    if not _stands(look, Alarm.CALMED):
        return ()
    return ((look.button("danger", "btn.danger_after_all", "yes"),),)


def answered(look: Look) -> str | None:
    """What the reporter said, to the reporter."""
    if _stands(look, Alarm.CONFIRMED):
        return look.say("card.danger_confirmed_own")
    return look.say("card.danger_calmed_own") if _stands(look, Alarm.CALMED) else None


def said(look: Look) -> str | None:
    """The same to who handles it."""
    if _stands(look, Alarm.CONFIRMED):
        return look.say("card.danger_confirmed")
    return look.say("card.danger_calmed") if _stands(look, Alarm.CALMED) else None


def _stands(look: Look, alarm: Alarm) -> bool:
    named = look.case.reach == "named"
    return look.case.alarm == alarm and look.state in BEFORE_DONE and not named
