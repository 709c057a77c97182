"""A case's whole story: who did what when, in the field's words, on one screen of a phone.

Staff appear by name, residents by what they are to the case. What was said in the day-to-day of
reminders is left out, and so are stars.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from domain.lifecycle import Verb
from domain.roles import Standing
from models import CaseEvent, Cause, Person
from services import hiding, people, territory
from services.cases import events_of
from services.texts import keys, plain
from services.when import hours

if TYPE_CHECKING:
    from services.cards import Look

# the clock's own words to people, what only the desk is told, and who rated what
LEFT_OUT = frozenset(
    {
        Verb.DUE_SOON,
        Verb.REMIND,
        Verb.NUDGE,
        Verb.LATER,
        Verb.RATE,
        Verb.REVISIT_DUE,
        Verb.STAGE_LATE,
    }
)
RESIDENTS = frozenset({Standing.REPORTER, Standing.VOICE, Standing.OTHER_SIDE, Standing.MEMBER})
# how the steps of a unit's task begin (services/tasks)
TASK = "task_"
# lines on one screen; the beginning stays, and the latest
LINES = 12
LONGEST_WORDS = 24


def story(look: Look) -> str:
    """The history in order, one line each; what happened several times running is one line."""
    found = _merged([each for each in events_of(look.session, look.case) if _tells(each)])
    lines = [_line(look, event, times) for event, times in found]
    if len(lines) > LINES:
        left = len(lines) - LINES + 1
        lines = [lines[0], look.say("story.left_out", n=left), *lines[1 - LINES + 1 :]]
    return "\n".join([look.say("story.head"), *lines])


def _tells(event: CaseEvent) -> bool:
    return event.verb not in LEFT_OUT


def _merged(events: list[CaseEvent]) -> list[tuple[CaseEvent, int]]:
    """The last of each run of the same step by the same person, and how long the run is."""
    found: list[tuple[CaseEvent, int]] = []
    for event in events:
        last = found[-1] if found else None
        if last is not None and _same(last[0], event):
            found[-1] = (event, last[1] + 1)
        else:
            found.append((event, 1))
    return found


def _same(one: CaseEvent, other: CaseEvent) -> bool:
    said = one.personal or other.personal
    return not said and (one.verb, one.actor, one.facts) == (other.verb, other.actor, other.facts)


def _line(look: Look, event: CaseEvent, times: int) -> str:
    what = _word(f"story.{event.verb}", look) or plain("story.other", look.language)
    if times > 1:
        what += f" ×{times}"
    detail = " · ".join(part for part in (_detail(look, event), _over(look, event)) if part)
    key = "story.line_more" if detail else "story.line"
    return look.say(key, when=look.when(event.at), who=_who(look, event), what=what, detail=detail)


def _word(key: str, look: Look) -> str:
    """A history outlives the lists: what they hold no longer has no word any more."""
    return plain(key, look.language) if key in keys(look.language) else ""


def _who(look: Look, event: CaseEvent) -> str:
    """A name for who works here, else what somebody is to the case."""
    if event.actor is None:
        return plain("story.by.clock", look.language)
    hidden = look.case.hide_name and event.actor == look.case.reporter
    if not hidden and (event.standing not in RESIDENTS or event.actor == look.case.filed_by):
        person = people.seen(look.session, look.case.district, event.actor)
        if person is not None and person.name:
            return person.name
    reported = event.actor == look.case.reporter or event.standing == Standing.REPORTER
    return plain("story.by.reporter" if reported else "story.by.resident", look.language)


def _detail(look: Look, event: CaseEvent) -> str:
    """The reason, to whom, or the first of what was said."""
    facts = event.facts
    why = _word(f"reason.{facts['reason']}", look) if "reason" in facts else ""
    if event.verb.startswith(TASK):
        unit = territory.name(look.session, look.case.district, facts["unit"], look.language)
        return " · ".join(part for part in (unit, why) if part)
    if why or "number" in facts:  # a reason, or which other case
        return why or str(facts["number"])
    if "cause" in facts:
        cause = look.session.get(Cause, (look.case.district, UUID(facts["cause"])))
        return cause.name if cause is not None else ""
    if event.verb == Verb.ASSIGN:
        return _name(look, facts.get("to"))
    if event.verb == Verb.SUPERVISE:
        return territory.name(look.session, look.case.district, facts["unit"], look.language)
    words = hiding.words(
        look.session, look.case, str(event.personal.get("text") or ""), event.actor
    )
    if event.verb == Verb.TELL:
        to = plain(f"story.to.{facts['to']}", look.language)
        return to + (f"：{_short(words)}" if words else "")
    return _short(words) if event.verb in (Verb.ADD, Verb.ANSWER) else ""


def _over(look: Look, event: CaseEvent) -> str:
    """By how much the circle that had it exceeded its own time."""
    if not event.facts.get("over"):
        return ""
    clock = "over.work" if event.facts["work"] else "over.wall"
    said = plain(clock, look.language, hours=hours(event.facts["over"]))
    circle = plain(f"circle.{event.facts['circle']}", look.language)
    return plain("story.over", look.language, circle=circle, hours=said)


def _name(look: Look, key: str | None) -> str:
    row = look.session.get(Person, (look.case.district, UUID(key))) if key else None
    return row.name if row is not None else ""


def _short(words: str) -> str:
    line = " ".join(words.split())
    return line if len(line) <= LONGEST_WORDS else line[: LONGEST_WORDS - 1] + "…"
