"""Many cases at once: previewed first, then done to just those that still stand as previewed.

Each case is a step of its own, whole or not at all; who has several of them hears once.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import Session

from domain.lifecycle import Verb
from domain.refused import Refused
from models import Case, Person
from models.append import savepoint
from services import buttons, caselist, duty, handling, notices, routing
from services.access import actor_of, locked_case
from services.cards import look_at
from services.outbox import About, Button, Message, Priority, put
from services.summary_message import case_line, in_rows, open_button
from services.texts import plain, say

# cases at once: some 18 ms each on a busy machine, and a unit of work has two seconds
MOST = 30
# candidates to choose from, and lines of a list
CHOICES, LINES = 8, 10
# why a case is left out of a preview (services/locale: bulk.left.<code>)
LEFT_OUT = (
    "urged_lately",
    "urge_yourself",
    "has_it_already",
    "person_gone",
    "suspended_now",
    "later_ones",
    "other",
)


@dataclass(frozen=True, slots=True)
class Stood:
    """How a case stood when it was previewed."""

    key: UUID
    version: int
    owner: str
    urged: int

    def row(self) -> list[Any]:
        """For JSON; `of_row` reads it."""
        return [str(self.key), self.version, self.owner, self.urged]


def _stood(case: Case) -> Stood:
    return Stood(case.id, case.version, str(case.owner or case.owner_unit), case.urged)


@dataclass(frozen=True, slots=True)
class Plan:
    """What a desk is about to do to many cases. `target`: to whom they are given."""

    unit: str
    which: str
    verb: Verb
    target: UUID | None
    cases: tuple[Stood, ...]
    left_out: Mapping[str, int]
    people: int

    def data(self) -> dict[str, Any]:
        """What must be kept until it is confirmed, as JSON."""
        return {
            "unit": self.unit,
            "which": self.which,
            "verb": str(self.verb),
            "target": str(self.target) if self.target else None,
            "cases": [each.row() for each in self.cases],
        }


def plan_of(data: Mapping[str, Any]) -> Plan:
    """What `Plan.data` kept."""
    cases = tuple(Stood(UUID(key), *rest) for key, *rest in data["cases"])
    target = UUID(data["target"]) if data["target"] else None
    return Plan(data["unit"], data["which"], Verb(data["verb"]), target, cases, {}, 0)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was done, and the numbers of what had moved on since the preview."""

    done: Sequence[Case]
    moved_on: Sequence[str]


# --- the preview ---


def to_urge(session: Session, person: Person, unit: str, which: str, now: datetime) -> Plan:
    """*Urge all* of a filter: the 30 with the nearest deadlines. Raises Refused."""
    return _plan(session, person, (unit, which, Verb.URGE, None), now)


def to_assign(
    session: Session, person: Person, unit: str, which: str, target: Person, now: datetime
) -> Plan:
    """*Assign all to …*: those that are theirs to take. Raises Refused."""
    return _plan(session, person, (unit, which, Verb.ASSIGN, target), now)


_Asked = tuple[str, str, Verb, Person | None]


def _plan(session: Session, person: Person, asked: _Asked, now: datetime) -> Plan:
    unit, which, verb, target = asked
    if which not in caselist.TOGETHER:
        raise Refused("filter_unknown")
    caselist.check_desk(session, person, unit)
    found = caselist.listed(session, person.district, unit, which, 0, now)
    cases = caselist.first(session, person.district, unit, which, now, MOST)
    left: Counter[str] = Counter()
    taken = []
    for case in cases:
        try:
            _check(session, person, case, verb, target, now)
        except Refused as refused:
            left[refused.code if refused.code in LEFT_OUT else "other"] += 1
        else:
            taken.append(case)
    if found.count > len(cases):
        left["later_ones"] = found.count - len(cases)
    people = 1 if target is not None else len(_ears(session, taken))
    key = target.id if target is not None else None
    return Plan(unit, which, verb, key, tuple(map(_stood, taken)), dict(left), people)


def _check(
    session: Session, person: Person, case: Case, verb: Verb, target: Person | None, now: datetime
) -> None:
    """Raises Refused if the step would be refused now."""
    if target is not None:
        _check_target(session, case, target, now)
    actor = actor_of(session, person, case)
    handling.would(session, case, verb, actor, now, **_given(target))


def _check_target(session: Session, case: Case, target: Person, now: datetime) -> None:
    if case.owner == target.id:
        raise Refused("has_it_already")
    if target.id not in routing.line(session, case, now):
        raise Refused("person_gone")


def _given(target: Person | None) -> dict[str, Any]:
    if target is None:
        return {"facts": {"together": True}}
    return {"next_owner": target.id, "facts": {"together": True, "to": str(target.id)}}


def candidates(
    session: Session, person: Person, unit: str, which: str, now: datetime
) -> list[tuple[Person, int]]:
    """Who could take how many of the filter's first 30 cases, the most first."""
    if which not in caselist.TOGETHER:
        raise Refused("filter_unknown")
    caselist.check_desk(session, person, unit)
    able: Counter[UUID] = Counter()
    for case in caselist.first(session, person.district, unit, which, now, MOST):
        able.update(key for key in routing.line(session, case, now) if key != case.owner)
    rows = [(session.get(Person, (person.district, key)), n) for key, n in able.most_common()]
    return [(row, n) for row, n in rows if row is not None and row.id != person.id][:CHOICES]


# --- doing it ---


def carry_out(session: Session, person: Person, plan: Plan, now: datetime) -> Outcome:
    """Exactly the previewed cases that still stand as previewed. Raises Refused if the desk or
    the chosen person is gone."""
    caselist.check_desk(session, person, plan.unit)
    target = session.get(Person, (person.district, plan.target)) if plan.target else None
    if plan.target is not None and (target is None or not target.reachable):
        raise Refused("person_gone")
    done: list[Case] = []
    moved: list[UUID] = []
    # in the order of their keys, so that two desks never wait for each other
    for stood in sorted(plan.cases, key=lambda each: each.key):
        try:
            with savepoint(session):
                done.append(_step(session, person, stood, plan.verb, target, now))
        except Refused:
            moved.append(stood.key)
    _tell(session, plan.verb, done, now)
    return Outcome(done, _numbers(session, person.district, moved))


def _step(
    session: Session,
    person: Person,
    stood: Stood,
    verb: Verb,
    target: Person | None,
    now: datetime,
) -> Case:
    case = locked_case(session, person.district, stood.key)
    if _stood(case) != stood:
        raise Refused("stale", number=case.number)
    if target is not None:
        _check_target(session, case, target, now)
    actor = actor_of(session, person, case)
    handling.change_case(session, case, verb, actor, now, **_given(target))
    return case


def _numbers(session: Session, district: str, keys: Iterable[UUID]) -> list[str]:
    rows = (session.get(Case, (district, key)) for key in keys)
    return [row.number for row in rows if row is not None]


# --- one message for each who has some of them ---


def _ears(session: Session, cases: Iterable[Case]) -> dict[UUID, list[Case]]:
    """Who hears of which: the owner, or the desk that has it."""
    found: dict[UUID, list[Case]] = defaultdict(list)
    for case in cases:
        desk = routing.desk(session, case.district, case.owner_unit)
        for key in [case.owner] if case.owner is not None else desk:
            found[key].append(case)
    return found


def _tell(session: Session, verb: Verb, done: Sequence[Case], now: datetime) -> None:
    """A list to each; what endangers somebody has been said by itself already."""
    calm = [case for case in done if case.urgency != "now"]
    for key, cases in _ears(session, calm).items():
        person = session.get(Person, (cases[0].district, key))
        if person is not None:
            _tell_one(session, person, verb, cases, now)


def _tell_one(
    session: Session, person: Person, verb: Verb, cases: Sequence[Case], now: datetime
) -> None:
    to = notices.private_chat(person, cases[0].bot)
    if to is None:
        return
    ordered = sorted(cases, key=lambda case: (case.due_at, case.number))
    head = say(f"bulk.told.{verb}", person.language, n=len(cases))
    looks = [look_at(session, each, person.language, now) for each in ordered[:LINES]]
    more = len(cases) - len(looks)
    tail = [say("bulk.told.more", person.language, n=more)] if more else []
    text = "\n".join([head, *(case_line(look) for look in looks), *tail])
    rows = in_rows([open_button(each) for each in ordered[:LINES]], 2)
    wait = duty.routine_at(session, person, now)
    about = About(
        priority=Priority.NOTICE, district=person.district, person=person.id, not_before=wait
    )
    put(session, to, Message(text, rows), now, about)


# --- what the desk reads ---


def preview(session: Session, district: str, plan: Plan, token: UUID, language: str) -> Message:
    """How many cases, how many people hear, what is left out and why; and the button."""
    name = _name(session, district, plan)
    head = f"bulk.preview.{plan.verb}"
    lines = [say(head, language, n=len(plan.cases), people=plan.people, name=name)]
    if not plan.cases:
        lines = [say("bulk.nothing", language)]
    if plan.left_out:
        lines.append(say("bulk.left_out", language, n=sum(plan.left_out.values())))
        lines += [
            say(f"bulk.left.{code}", language, n=n, most=MOST)
            for code in LEFT_OUT
            if (n := plan.left_out.get(code))
        ]
    sure = _button(f"bulk.sure.{plan.verb}", district, token, language, len(plan.cases))
    rows = ((sure,),) if plan.cases else ()
    return Message("\n".join(lines), (*rows, (_back(district, plan, language),)))


def _button(key: str, district: str, token: UUID, language: str, count: int) -> Button:
    label = plain(key, language, n=count)
    return Button(label, buttons.data("doall", district, token), style="primary")


def _back(district: str, plan: Plan, language: str) -> Button:
    arg = caselist.asking(plan.unit, plan.which)
    return Button(plain("btn.to_list", language), buttons.data("filter", district, arg=arg))


def _name(session: Session, district: str, plan: Plan) -> str:
    target = session.get(Person, (district, plan.target)) if plan.target else None
    return target.name if target else ""


def outcome_message(
    session: Session, district: str, plan: Plan, outcome: Outcome, language: str
) -> Message:
    """What was done and what had moved on."""
    name = _name(session, district, plan)
    lines = [say(f"bulk.done.{plan.verb}", language, n=len(outcome.done), name=name)]
    if outcome.moved_on:
        shown = "、".join(outcome.moved_on[:LINES])
        if len(outcome.moved_on) > LINES:
            shown += "…"
        lines.append(say("bulk.moved_on", language, n=len(outcome.moved_on), numbers=shown))
    return Message("\n".join(lines), ((_back(district, plan, language),),))


def choice_message(
    district: str, found: Sequence[tuple[Person, int]], unit: str, which: str, language: str
) -> Message:
    """Whom to give them to; behind each name how many are theirs to take."""
    arg = caselist.asking(unit, which)
    back = Button(plain("btn.to_list", language), buttons.data("filter", district, arg=arg))
    if not found:
        return Message(say("bulk.nobody", language), ((back,),))
    made = [
        Button(f"{each.name} {n}", buttons.data("toall", district, each.id, arg=arg))
        for each, n in found
    ]
    return Message(say("bulk.whom", language), (*in_rows(made, 2), (back,)))
