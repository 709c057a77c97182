"""A report becomes a case: read, placed, numbered, sent on its way; or joins one that is open.

Nothing is asked before the case is open. What is missing is asked once, by buttons on its card.
"""

import hashlib
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any, cast

from sqlalchemy import bindparam, func, literal_column
from sqlalchemy import text as sql
from sqlmodel import Session, col, select

from domain.case_number import case_number
from domain.catalogue import CIRCLES, Catalogue, Language
from domain.lifecycle import (
    BEFORE_DONE,
    UNTAKEN,
    USUAL_LIMIT,
    Alarm,
    State,
    Verb,
    WaitsFor,
    after_edit,
    after_word,
    words_alone,
)
from domain.reading import Reading, read
from domain.refused import Refused
from domain.worktime import Deadline, add_work
from models import Case, Group, Person, Voice, new_id
from models.append import adopt, append, is_unwritten
from models.cases import OPEN, next_of
from models.row import draft
from models.statement import Prepared
from services import (
    alike,
    attachments,
    cause_notices,
    duty,
    learnt,
    notices,
    parting,
    regrid,
    routing,
    taking_back,
    territory,
    unsaying,
    wishes,
)
from services.access import actor_of, is_staff, locked_case
from services.cards import OTHER, first_help, look_at, may_return
from services.cases import beginning, see_begun
from services.catalogue import catalogue, lexicon
from services.equipment import policy
from services.handling import by_clock, change_case, pass_on
from services.hiding import is_unnamed

# not for us, and yet nobody's business: health, crime, complaints about a person
PRIVATE_MATTERS = frozenset({"NA11", "NA15", "NA16", "NA18"})
# in Session.info: the text last read, which is often read again at once
READ = "read"
# the shortest text that, said again word for word in the same place, is the same matter
SAME_WORDS = 4
# how likely the first kind must be one for a named person, and a report, to be filed without a
# question; any of the kinds, and a report, for the numbers to be said
CRY, CRY_PERHAPS = (0.5, 0.1), (0.1, 0.05)
SOURCES = ("group", "private", "door", "phone", "walk_in", "12345")


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What somebody told us. `place` is the group's default place; `files` as the door saw them.

    `source`: group, private, or, when a worker reports for somebody, door, phone, walk_in, 12345.
    `beside`: grids at whose edge the location lies; they hear that it goes to another.
    """

    text: str
    bot: str
    platform: str = "telegram"
    chat: str | None = None
    message: str | None = None
    files: Sequence[attachments.Given] = ()
    location: tuple[float, float] | None = None
    source: str = "group"
    private: bool = False
    hide_name: bool = False
    language: str | None = None
    beside: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Opened:
    """`joined`: the report became a voice in a case that was open already."""

    case: Case
    joined: bool = False


def report(
    session: Session,
    person: Person,
    grid: str,
    group: Group | None,
    told: Report,
    now: datetime,
    *,
    behalf: bool = False,
    apart: bool = False,
) -> Opened:
    """Open a case for what `person` told, or join the open one that says the same here.

    `behalf`: a worker reports for somebody without Telegram; they then can't confirm it.
    `apart`: never join. Raises Refused `empty_report`, `too_many_reports`, `no_grid`.
    """
    if not re.search(r"\w", told.text) and not told.files and told.location is None:
        raise Refused("empty_report")  # emoji alone say nothing either
    reading = read_report(session, person.district, told.text)
    building = reading.place.building or (group.place if group is not None else None)
    place = regrid.Place(told.location, building, group.id if group is not None else None)
    grid, undecided = regrid.where_now(session, person.district, grid, place, now)
    see_begun(session, grid, person.id)
    if not behalf:
        _check_rate(session, person, now)
    key = words_key(told.text, reading.place.building, group.place if group else "")
    same = None if apart or behalf else _same_words(session, person.district, grid, key, now)
    if same is not None and not (same.alarm == Alarm.CALMED and _tells_danger(reading)):
        return _joined(session, person, same, told, now)
    case = _collected(session, person, grid, group, told, reading, now, behalf)
    case.words_key = key
    look = not (apart or behalf)
    if told.files:
        adopt(session, case)  # what is attached points at it
        _give_voice(session, case, now)
        _attach(session, case, person, told, now)
        _file(session, case, person, reading, now, look)
    else:
        with beginning(session, case):
            _file(session, case, person, reading, now, look)
        _give_voice(session, case, now)
    if undecided:
        regrid.ask_desk(session, case, now)
    for other in told.beside:
        notices.tell_beside(session, case, other, now)
    cause_notices.offer(session, case, now)
    return Opened(case)


def _give_voice(session: Session, case: Case, now: datetime) -> None:
    """The reporter's, which the rules look for."""
    if case.reporter is not None:
        voice = draft(Voice, district=case.district, case=case.id, person=case.reporter, at=now)
        append(session, voice)


def _joined(session: Session, person: Person, same: Case, told: Report, now: datetime) -> Opened:
    """One more voice; what came with the words reaches whoever has the case."""
    case = locked_case(session, same.district, same.id)
    join(session, person, case, now, "writer")
    _attach(session, case, person, told, now)
    notices.show_files(session, case, told.files, now)
    return Opened(case, joined=True)


def read_report(session: Session, district: str, text: str) -> Reading:
    """The reading of a text by the district's catalogue and lexicon."""
    last = session.info.get(READ)
    if last is None or last[0] != (district, text):
        words, kinds = lexicon(session, district), catalogue(session, district)
        found = read(text, words, kinds, learnt.model(session, district))
        session.info[READ] = last = ((district, text), found)
    reading: Reading = last[1]
    return reading


def help_first(session: Session, district: str, text: str, language: str) -> str | None:
    """What to do at once, if the words tell of danger; before anything is asked about them."""
    reading = read_report(session, district, text)
    found = catalogue(session, district)
    code, _ = _best(reading)
    kind = found.kinds.get(code)
    if kind is None or (reading.urgency != "now" and kind.reach == "owner"):
        return None
    return first_help(found, code, cast(Language, language))


def is_cry(session: Session, district: str, text: str) -> bool:
    """Whether the words are first of all despair or violence at home: that is filed unasked, for
    who says it seldom says it as a report."""
    reading = read_report(session, district, text)
    return _is_named(catalogue(session, district), reading.kinds[:1], reading, CRY)


def may_be_cry(session: Session, district: str, text: str) -> bool:
    """Whether they may be; then the numbers are said at once, whatever is asked."""
    reading = read_report(session, district, text)
    return _is_named(catalogue(session, district), reading.kinds, reading, CRY_PERHAPS)


def _is_named(
    found: Catalogue,
    kinds: Sequence[tuple[str, float]],
    reading: Reading,
    enough: tuple[float, float],
) -> bool:
    """Whether one of the kinds is for one named person. What is no report at all has kinds too,
    which mean nothing."""
    kind_from, report_from = enough
    named = [p for code, p in kinds if code in found.kinds and found.kind(code).reach == "named"]
    return reading.report >= report_from and max(named, default=0.0) >= kind_from


def _check_rate(session: Session, person: Person, now: datetime) -> None:
    most = policy(session).reports_per_hour
    if not most or is_unwritten(session, person):
        return
    of = {"in_district": person.district, "by": person.id, "since": now - timedelta(hours=1)}
    if _REPORTED.first(session, of) >= most:
        raise Refused("too_many_reports", n=most)


_REPORTED = Prepared(
    lambda _: select(func.count()).where(
        Case.district == bindparam("in_district"),
        Case.reporter == bindparam("by"),
        col(Case.opened_at) > bindparam("since"),
    )
)
_SAME_WORDS = Prepared(
    lambda _: (
        select(Case.id)
        .where(Case.district == bindparam("in_district"), Case.grid == bindparam("in_grid"))
        .where(Case.words_key == bindparam("words"), sql(OPEN))
        # said again after it was called done, it is not settled: never joined to what is closing
        .where(col(Case.state).in_([literal_column(f"'{state}'") for state in BEFORE_DONE]))
        .where(col(Case.opened_at) > bindparam("since"), col(Case.private).is_(False))
        .order_by(col(Case.opened_at))
        .limit(1)
    )
)


def words_key(text: str, building: str | None, place: str) -> str:
    """A digest of the words and the place, "" for texts too short to mean the same twice."""
    folded = re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", text).casefold())
    if len(folded) < SAME_WORDS:
        return ""
    return hashlib.sha256(f"{folded}|{building or place}".encode()).hexdigest()[:24]


def _same_words(session: Session, district: str, grid: str, key: str, now: datetime) -> Case | None:
    if not key:
        return None
    since = now - timedelta(days=policy(session).duplicate_days)
    of = {"in_district": district, "in_grid": grid, "words": key, "since": since}
    found = _SAME_WORDS.first(session, of)
    return session.get(Case, (district, found)) if found is not None else None


def _collected(
    session: Session,
    person: Person,
    grid: str,
    group: Group | None,
    told: Report,
    reading: Reading,
    now: datetime,
    behalf: bool,
) -> Case:
    """A row if something will point at it before it is filed, else a draft."""
    place = reading.place
    make = Case if told.files else partial(draft, Case)
    return make(
        district=person.district,
        id=new_id(),
        number=next_number(session, person.district, grid, now),
        grid=grid,
        community=grid[:12],
        group=group.id if group else None,
        state=str(State.COLLECTED),
        kind=OTHER,
        text=told.text,
        language=told.language or reading.language,
        place_building=place.building or (group.place if group else None) or None,
        place_unit=place.unit,
        place_floor=place.floor,
        place_room=place.room,
        place_landmark=place.landmark,
        lat=told.location[0] if told.location else None,
        lon=told.location[1] if told.location else None,
        source=told.source,
        channel="private" if told.private or told.source == "private" else "group",
        private=told.private,
        hide_name=told.hide_name,
        bot=told.bot,
        platform=told.platform,
        source_chat=told.chat,
        source_message=told.message,
        reporter=None if behalf else person.id,
        filed_by=person.id if behalf else None,
        owner_unit=grid[:12],
        due_at=now,
        opened_at=now,
    )


def next_number(session: Session, district: str, grid: str, now: datetime) -> str:
    """`short-YYMM-NNN`, one after the other in each grid and month."""
    division = territory.find_division(session, district, grid)
    if division is None or division.short is None:
        raise Refused("no_grid")
    month = now.astimezone(duty.zone(session, district)).strftime("%y%m")
    series = f"{division.short}-{month}"
    return case_number(division.short, month, next_of(session, district, series))


def _attach(session: Session, case: Case, person: Person, told: Report, now: datetime) -> None:
    """What can't be kept (too big, a sticker) never costs the words that came with it."""
    for file in told.files:
        try:
            attachments.add(session, case, file, "report", person.id, now)
        except Refused:
            if not told.text:
                raise


def _file(
    session: Session, case: Case, person: Person, reading: Reading, now: datetime, look: bool
) -> None:
    """`look`: the reporter is asked whether it is an earlier matter, if it seems so."""
    found = catalogue(session, case.district)
    code, p = _best(reading)
    if code in found.matters:
        case.alternatives = [other for other, _ in reading.kinds[1:] if other in found.kinds]
        sets: dict[str, Any] = {"not_admitted": code, "kind": OTHER, "kind_p": p}
        sets["private"] = case.private or code in PRIVATE_MATTERS
        _change(session, case, person, Verb.NOT_ADMIT, now, kind=sets, facts={"code": code})
        return
    sets = kind_columns(found, code, p, reading)
    if _tells_danger(reading) and _may_be_asked(session, case, person, sets):
        sets["alarm"] = Alarm.ASKED
    case.alternatives = [other for other, _ in reading.kinds[1:] if other in found.kinds]
    _apply_privacy(case, sets)
    _find_circle(session, case, sets)
    deadline = promise(
        session, case, found, code, sets["condition"], case.opened_at, sets["urgency"]
    )
    given = {"kind": sets, "deadline": deadline, "facts": {"kind": code, "source": case.source}}
    _set_line(case, sets)
    case.private, case.two_sides = sets["private"], sets["two_sides"]
    alike.note(session, case, reading, now, look=look)
    _change(session, case, person, Verb.FILE, now, **given)


def _tells_danger(reading: Reading) -> bool:
    return words_alone(reading.urgency, reading.urgency_reason)


def _may_be_asked(session: Session, case: Case, person: Person, sets: dict[str, Any]) -> bool:
    """Whether it is urgent: a resident, and never in a matter for one named person."""
    return case.reporter is not None and sets["reach"] != "named" and not is_staff(session, person)


def _set_line(case: Case, sets: dict[str, Any]) -> None:
    """Routing reads the row: whose line it is depends on the kind's reach and circle."""
    case.reach = sets["reach"]
    case.kind = sets["kind"]
    case.circle = sets["circle"]
    case.urgency = sets["urgency"]
    case.alarm = sets.get("alarm")


def _find_circle(session: Session, case: Case, sets: dict[str, Any]) -> None:
    """The smallest circle whose authority covers the kind, of those in which anybody works."""
    if sets["circle"] != CIRCLES[0]:
        sets["circle"] = routing.circle_for(session, case.district, case.grid, sets["circle"])


def _change(
    session: Session, case: Case, person: Person, verb: Verb, now: datetime, **given: Any
) -> None:
    change_case(session, case, verb, actor_of(session, person, case), now, None, **given)


def _best(reading: Reading) -> tuple[str, float]:
    return reading.kinds[0] if reading.kinds else (OTHER, 0.0)


def _apply_privacy(case: Case, sets: dict[str, Any]) -> None:
    """A private kind is private whoever files it; what was told in private stays so.

    What was of a private kind doesn't come into the group by becoming another: that takes the
    reporter's own tap (`set_privacy`). What nobody could name yet may.
    """
    stays = case.private and case.kind != OTHER
    sets["private"] = bool(sets["private"] or case.channel == "private" or stays)


_RANK = {"normal": 0, "soon": 1, "now": 2}


def kind_columns(
    found: Catalogue, code: str, p: float, reading: Reading | None = None
) -> dict[str, Any]:
    """The columns that a kind sets on its case. `p`: how sure the guess is, 1.0 when told."""
    kind = found.kind(code)
    condition = reading.condition if reading else None
    conditions = found.conditions(code)
    if condition is None and len(conditions) == 1:
        condition = 0
    urgency = str(kind.default_urgency)
    if reading is not None and _RANK[reading.urgency] > _RANK[urgency]:
        urgency = reading.urgency
    return {
        "kind": code,
        "kind_p": p,
        "condition": condition,
        "urgency": urgency,
        "reach": kind.reach,
        "evidence": kind.evidence,
        "verify": kind.verify,
        "circle": kind.circle,
        "private": kind.privacy == "private",
        "two_sides": kind.two_sides,
    }


def promise(
    session: Session,
    case: Case,
    found: Catalogue,
    code: str,
    condition: int | None,
    since: datetime,
    urgency: str,
) -> Deadline:
    """The instant by which it should be settled, by the filing condition.

    A condition not told yet: danger takes the kind's shortest limit; all else the longest, which
    a tap can shorten, so that nothing is promised that wouldn't hold. No conditions: 5 work days.
    """
    conditions = found.conditions(code)
    calendar = duty.calendar(session, case.district)
    if not conditions:
        case.limit_value, case.limit_unit = USUAL_LIMIT, "work_days"
        return add_work(calendar, since, USUAL_LIMIT, "work_days")
    chosen = [conditions[condition]] if condition is not None else list(conditions)
    limits = [(each.limit_value, each.limit_unit) for each in chosen]
    deadlines = [add_work(calendar, since, value, unit) for value, unit in limits]
    pick = min if urgency == "now" else max
    picked = pick(range(len(limits)), key=lambda index: deadlines[index].at)
    case.limit_value, case.limit_unit = limits[picked]
    return deadlines[picked]


# --- what the reporter may put right ---


def correct_kind(
    session: Session,
    person: Person,
    case: Case,
    code: str,
    now: datetime,
    condition: int | None = None,
) -> None:
    """Another kind, or which filing condition it is. Raises Refused `kind_unknown`."""
    found = catalogue(session, case.district)
    if code in found.matters or code not in found.kinds:
        raise Refused("kind_unknown")
    if condition is not None and condition >= len(found.conditions(code)):
        raise Refused("kind_unknown")
    sets = kind_columns(found, code, 1.0)
    told = sets["urgency"]
    if condition is not None:
        sets["condition"] = condition
        if case.alarm == Alarm.CALMED and code == case.kind:  # how bad it is, not that it is
            told = case.urgency
        told = max(told, _urgency(found, code, condition), key=_RANK.__getitem__)
    words = _urgency_of_words(session, case)
    staff = case.reporter != person.id
    sets["urgency"], sets["alarm"] = after_word(case.alarm, told, words, staff=staff)
    _apply_privacy(case, sets)
    facts = {"from": case.kind, "kind": code, "condition": sets["condition"]}
    deadline = promise(
        session, case, found, code, sets["condition"], case.opened_at, sets["urgency"]
    )
    case.alternatives = []
    verb = Verb.FILE if case.state == State.NOT_ADMITTED else Verb.CORRECT_KIND
    _find_circle(session, case, sets)
    if verb is Verb.FILE:
        sets["not_admitted"], sets["closed_at"] = None, None
        _set_line(case, sets)
    _reread(session, case, person, verb, sets, deadline, facts, now)


def _reread(
    session: Session,
    case: Case,
    person: Person,
    verb: Verb,
    sets: dict[str, Any],
    deadline: Deadline,
    facts: dict[str, Any],
    now: datetime,
) -> None:
    """Another kind, and with it perhaps other people.

    What turns out to be for one named person leaves the team that had it, and the other way
    round: nobody of before keeps it, and the next line is asked from its beginning.
    """
    other_line = verb is not Verb.FILE and "named" in {sets["reach"], case.reach}
    other_line = other_line and sets["reach"] != case.reach
    if other_line:
        sets |= {"owner": None, "passed": (), "taken_by": None}
    if sets["reach"] == "named":
        sets["cause"] = None
    wider = sets["reach"] != case.reach or sets["urgency"] != case.urgency
    facts["offer"] = wider and not other_line
    before, was, was_private = case.circle, case.kind, case.private
    _change(session, case, person, verb, now, kind=sets, deadline=deadline, facts=facts)
    if case.private or case.reach == "named":
        alike.forget(case)
    else:
        if case.near is None:  # until now nobody knew what it is
            reading = read_report(session, case.district, case.text)
            alike.note(session, case, reading, now, look=False)
        alike.follow(case)
    if case.absorbed and _is_one_alone(case, was_private):
        parting.part_all(session, case, now)
    if case.private and not was_private:
        unsaying.goes_private(session, case, now)
    elif case.private and was == OTHER and case.kind != OTHER:
        unsaying.offer_reporter(session, case, now)
    if other_line:
        pass_on(session, case, now)
    elif case.state in UNTAKEN and case.circle != before:
        # what nobody has taken yet goes to those whose authority covers what it turned out to be
        by_clock(session, case, Verb.REFILE, now, facts={"circle": case.circle})


def _is_one_alone(case: Case, was_private: bool) -> bool:
    """Whether it has become what is never one matter with another."""
    return case.reach == "named" or case.two_sides or (case.private and not was_private)


def _urgency_of_words(session: Session, case: Case) -> str:
    """What the words alone say, whatever the kind: a cry for help stays one."""
    reading = read_report(session, case.district, case.text)
    by_kind = reading.urgency_reason in ("", "kind", "condition")
    return "normal" if by_kind else reading.urgency


# a limit of so few wall hours is danger, whatever the kind's usual urgency is
URGENT_HOURS = 2


def _urgency(found: Catalogue, code: str, condition: int) -> str:
    chosen = found.conditions(code)[condition]
    urgent = chosen.limit_unit == "wall_hours" and chosen.limit_value <= URGENT_HOURS
    return "now" if urgent else "normal"


def calmer(found: Catalogue, code: str, condition: int | None) -> dict[str, Any]:
    """The columns of a kind once it is known not to be urgent: nothing that says *at once*."""
    usual = str(found.kind(code).default_urgency)
    if condition is not None and _urgency(found, code, condition) == "now":
        condition = None if len(found.conditions(code)) > 1 else condition
    return {"urgency": "soon" if usual == "now" else usual, "condition": condition}


def correct_place(session: Session, person: Person, case: Case, text: str, now: datetime) -> None:
    """The place as the reporter or worker now says it. Raises Refused `place_empty`."""
    if not text.strip():
        raise Refused("place_empty")
    found = _place_columns(read_report(session, case.district, text))
    if not found:
        found = {"place_landmark": text.strip()[:60]}
    _change(session, case, person, Verb.CORRECT_PLACE, now, kind=found)
    alike.follow(case, placed=True)


def _place_columns(reading: Reading) -> dict[str, str | None]:
    """What a text says of a place; another building takes the old flat away with it."""
    parts = ("building", "unit", "floor", "room", "landmark")
    found = {f"place_{part}": getattr(reading.place, part) for part in parts}
    if reading.place.building:
        return found
    return {name: value for name, value in found.items() if value}


def set_private(session: Session, person: Person, case: Case, private: bool, now: datetime) -> None:
    """Out of the group from now on, or back into it where it began.

    Raises Refused `stays_private` for what its kind keeps out, or what was told in private.
    """
    if not private and not may_return(look_at(session, case, person.language, now)):
        raise Refused("stays_private")
    was = case.private
    sets = {"private": private, "channel": "private" if private else "group"}
    _change(session, case, person, Verb.SET_PRIVACY, now, kind=sets, facts={"private": private})
    if private and not was:
        alike.forget(case)
        unsaying.goes_private(session, case, now)


def hide(
    session: Session,
    person: Person,
    case: Case,
    now: datetime,
    *,
    hide_name: bool,
    hide_group: bool,
) -> None:
    """Whether the reporter's name is shown to who handles it, and in the group."""
    wish = {"hide_name": hide_name, "hide_group": hide_group}
    was_named, worker_knew = not is_unnamed(case), not case.hide_name
    _change(session, case, person, Verb.SET_PRIVACY, now, kind=dict(wish), facts=dict(wish))
    if hide_name and worker_knew:
        taking_back.forget_name(session, case, now)
    if was_named and is_unnamed(case):
        unsaying.unlink(session, case, now)

    wishes.keep_near(session, case, now, newly=hide_name and worker_knew)


def edit(session: Session, person: Person, case: Case, text: str, now: datetime) -> None:
    """The reporter edited the message: the case follows while nobody has taken it."""
    before = read_report(session, case.district, case.text).urgency_reason
    reading = read_report(session, case.district, text)
    found = catalogue(session, case.district)
    code, p = _best(reading)
    if code in found.matters:
        code, p = OTHER, 0.0
    sets = kind_columns(found, code, p, reading)
    told = _tells_danger(reading) and _may_be_asked(session, case, person, sets)
    # what only sounds like danger may be another danger by now
    same = reading.urgency_reason == before != "sound"
    sets["alarm"] = after_edit(case.alarm, told=told, same=same)
    if sets["alarm"] == Alarm.CALMED:
        sets |= calmer(found, code, sets["condition"])
    elif sets["alarm"] is not None:
        sets["urgency"] = "now"
    _apply_privacy(case, sets)
    _find_circle(session, case, sets)
    deadline = promise(
        session, case, found, code, sets["condition"], case.opened_at, sets["urgency"]
    )
    case.text = text
    case.alternatives = [other for other, _ in reading.kinds[1:] if other in found.kinds]
    for name, value in _place_columns(reading).items():
        setattr(case, name, value)
    _reread(session, case, person, Verb.EDIT, sets, deadline, {"kind": code}, now)
    alike.note(session, case, reading, now, look=False)


# --- more voices ---


def join(session: Session, person: Person, case: Case, now: datetime, part: str = "joined") -> Case:
    """Me too: one more voice. Somebody who has one already changes nothing."""
    known = session.get(Voice, (case.district, case.id, person.id))
    if known is not None or case.reporter == person.id:
        return case
    session.add(Voice(district=case.district, case=case.id, person=person.id, part=part, at=now))
    session.flush()
    _change(session, case, person, Verb.JOIN, now)
    return case


def add_words(
    session: Session,
    person: Person,
    case: Case,
    text: str,
    files: Sequence[attachments.Given],
    now: datetime,
    role: str = "report",
) -> None:
    """Words or photos that belong to the case; an answer if the worker was waiting for one."""
    for file in files:
        attachments.add(session, case, file, role, person.id, now)
    waiting = case.state == State.WAITING and case.reporter == person.id
    waiting = waiting and case.waits_for in (None, WaitsFor.REPORTER)
    verb = Verb.ANSWER if waiting else Verb.ADD
    personal = {"text": text} if text else {}
    actor = actor_of(session, person, case)
    facts = {"files": len(files)}
    change_case(session, case, verb, actor, now, personal, facts=facts)


def mine(session: Session, person: Person, most: int = 10) -> list[Case]:
    """The person's own matters, the newest first; what was merged under their own number."""
    query = (
        select(Case)
        .join(Voice, (col(Voice.district) == Case.district) & (col(Voice.case) == Case.id))
        .where(Voice.district == person.district, Voice.person == person.id)
        .where(col(Voice.via).is_(None))
        .order_by(col(Case.opened_at).desc())
        .limit(most)
    )
    return list(session.exec(query))


def by_message(session: Session, bot: str, chat: str, message: str) -> Case | None:
    """The case that a message opened."""
    query = select(Case).where(
        Case.bot == bot, Case.source_chat == chat, Case.source_message == message
    )
    return session.exec(query).first()
