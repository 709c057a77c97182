"""A worker's morning: everything in their hands, the most pressing first, each a tap away.

Danger that the whole team was told of and nobody has taken is everybody's, and stands at the top.
"""

from dataclasses import dataclass
from datetime import datetime, time, timedelta

from sqlalchemy import or_, text
from sqlmodel import Session, col, select

from domain.lifecycle import BEFORE_DONE, UNTAKEN, State, colour
from models import Case, Due, Person
from models.cases import OPEN
from services import buttons, routing, territory, when
from services.access import roles_of
from services.cards import DOT, Look, full_place, kind_name, look_at
from services.cases import facts_of
from services.outbox import Button, Message
from services.summary import NEVER_LISTED, in_unit
from services.summary_message import in_rows
from services.texts import plain, say

MOST = 20  # lines; the rest is said as a number, and comes up as these are done
LONGEST_PLACE = 40
MORNING_ENDS = 11  # o'clock, local

# sections in the order of the list
SECTIONS = ("danger", "late", "today", "new", "waiting", "revisit", "rest")


@dataclass(frozen=True, slots=True)
class Item:
    """One line: a case and why it is in the list. `at`: its deadline, or when to revisit."""

    case: Case
    section: str
    at: datetime

    @property
    def rank(self) -> tuple[int, bool, datetime, str]:
        """Sections in order; what endangers somebody first, then by deadline."""
        calm = self.case.urgency != "now"
        return SECTIONS.index(self.section), calm, self.at, self.case.number


def worklist(session: Session, person: Person, now: datetime) -> Message | None:
    """What the person has to do today, or None if nothing waits. Plain to read in a minute."""
    found = items(session, person, now)
    listed = [each for each in found if not is_hidden(each.case)]
    hidden = [each for each in found if is_hidden(each.case)]
    if not found:
        return None
    shown = listed[:MOST]
    lines = [_head(session, person, found, now), *_body(session, person, shown, now)]
    lines += _tail(person.language, len(listed) - len(shown), len(hidden))
    made = [_button(each.case, each.case.number) for each in shown]
    made += [_button(each.case, plain("worklist.private", person.language)) for each in hidden]
    return Message("\n".join(lines), in_rows(made, 2))


def items(session: Session, person: Person, now: datetime) -> list[Item]:
    """Everything that waits for the person, the most pressing first."""
    midnight = _midnight(session, person.district, now)
    query = select(Case).where(
        Case.district == person.district,
        Case.owner == person.id,
        col(Case.state).in_([str(each) for each in BEFORE_DONE]),
    )
    found = [*session.exec(query), *_of_the_team(session, person, now)]
    held = [Item(each, _section(each, now, midnight), each.due_at) for each in found]
    return sorted([*held, *_revisits(session, person, midnight)], key=lambda item: item.rank)


# what a team may take: a desk's own is that desk's to dispatch first
TO_BE_TAKEN = UNTAKEN - {State.FILED}


def _of_the_team(session: Session, person: Person, now: datetime) -> list[Case]:
    """Danger in somebody else's hands or nobody's that the person was told of as one of a team."""
    areas = {territory.area_of(each.unit) for each in roles_of(session, person)}
    near = [in_unit(area) for area in areas if territory.level_of(area) in ("community", "grid")]
    if not near:
        return []
    query = select(Case).where(
        Case.district == person.district,
        text(OPEN),
        or_(*near),
        col(Case.state).in_([str(each) for each in TO_BE_TAKEN]),
        Case.reach == "team",
        Case.urgency == "now",
    )
    others = (each for each in session.exec(query) if each.owner != person.id)
    return [each for each in others if person.id in routing.team(session, each, now)]


def is_hidden(case: Case) -> bool:
    """A matter for one named person: a list says that it is there and nothing more."""
    return case.reach == "named" or case.kind in NEVER_LISTED


def _midnight(session: Session, district: str, now: datetime) -> datetime:
    """The end of the local day."""
    zone = territory.zone(session, district)
    return datetime.combine(now.astimezone(zone).date() + timedelta(days=1), time(), zone)


def _section(case: Case, now: datetime, midnight: datetime) -> str:
    state = State(case.state)
    if case.urgency == "now" and state in UNTAKEN:
        return "danger"
    if case.due_at <= now:
        return "late"
    if state is State.WAITING:
        return "waiting"
    if case.due_at < midnight:
        return "today"
    return "new" if state in UNTAKEN else "rest"


def _revisits(session: Session, person: Person, midnight: datetime) -> list[Item]:
    """Closed cases of theirs where somebody should ask again today or should have before."""
    query = (
        select(Case, Due.at)
        .join(Due, (col(Due.district) == Case.district) & (col(Due.case) == Case.id))
        .where(Due.district == person.district, Due.state == "pending", Due.name == "case.revisit")
        .where(col(Due.at) < midnight, Case.owner == person.id, Case.state == str(State.CLOSED))
    )
    return [Item(case, "revisit", at) for case, at in session.exec(query)]


def _head(session: Session, person: Person, found: list[Item], now: datetime) -> str:
    """Good morning is said in the morning only: `/list` is asked for at any hour."""
    early = now.astimezone(territory.zone(session, person.district)).hour < MORNING_ENDS
    key = "worklist.head" if early else "worklist.head_later"
    return say(key, person.language, n=len(found), name=person.name)


def _body(session: Session, person: Person, shown: list[Item], now: datetime) -> list[str]:
    lines: list[str] = []
    for section in SECTIONS:
        inside = [each for each in shown if each.section == section]
        if inside:
            lines += ["", say(f"worklist.{section}", person.language, n=len(inside))]
            lines += [
                _line(look_at(session, each.case, person.language, now), each) for each in inside
            ]
    return lines


def _line(look: Look, item: Item) -> str:
    revisit = item.section == "revisit"
    return look.say(
        "worklist.item_revisit" if revisit else "worklist.item",
        dot=DOT[colour(facts_of(look.case), look.now)],
        number=look.case.number,
        place=_cut(full_place(look)),
        kind=_cut(kind_name(look)),
        left=when.left(item.at, look.now, look.language),
    )


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST_PLACE else text[: LONGEST_PLACE - 1] + "…"


def _tail(language: str, more: int, hidden: int) -> list[str]:
    lines = [say("worklist.more", language, n=more)] if more else []
    lines += [say("worklist.hidden", language, n=hidden)] if hidden else []
    return ["", *lines] if lines else []


def _button(case: Case, label: str) -> Button:
    return Button(label, buttons.data("open", case.district, case.id, case.version))
