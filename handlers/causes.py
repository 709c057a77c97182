"""What a desk does with several cases that have one cause."""

from dataclasses import asdict, replace
from uuid import UUID

from domain.refused import Refused
from handlers.reply import answer, asked, forget, remember, reply
from handlers.turn import Answer, File, Press, Said, Turn
from models import Asked, Cause, Person, new_id
from services import caselist, cause_message, cause_notices, causes, notices
from services.access import case_of
from services.buttons import Pressed, parse
from services.outbox import Address, Message
from services.texts import plain

# what concerns a cause is one message that changes in place
CAUSE = "cause"


def _put(turn: Turn, at: Address, person: Person, message: Message) -> None:
    answer(turn, at, message, card=CAUSE, person=person)


def _key(text: str) -> UUID | None:
    found = parse(f"x~~{text}")
    return found.case if found else None


# --- choosing ---


def kinds(turn: Turn, press: Press, person: Person, pressed: Pressed) -> Answer | None:
    """*One cause …* below a list: of which kind?"""
    unit, which, _ = caselist.asked(pressed.arg)
    found = causes.kinds_of(turn.session, person, unit, which, turn.now)
    message = cause_message.kinds_message(
        turn.session, person.district, found, unit, which, person.language
    )
    notices.retire(turn.session, press.at, CAUSE, turn.now)
    _put(turn, press.at, person, message)
    return Answer()


def of_kind(turn: Turn, press: Press, person: Person, pressed: Pressed) -> Answer | None:
    """The filter's cases of this kind: first what that would mean."""
    where, _, kind = pressed.arg.rpartition(":")
    unit, which, _ = caselist.asked(where)
    chosen = causes.of_kind(turn.session, person, unit, which, kind, turn.now)
    _preview(turn, press, person, chosen)
    return Answer()


def of_search(turn: Turn, press: Press, person: Person, pressed: Pressed) -> Answer | None:
    """*One cause* below what a search has found."""
    units = caselist.units_of(turn.session, person)
    found = caselist.search(turn.session, person.district, units, pressed.arg, turn.now)
    notices.retire(turn.session, press.at, CAUSE, turn.now)
    _preview(turn, press, person, causes.of_cases(turn.session, person, found.cases))
    return Answer()


def of_case(turn: Turn, press: Press, person: Person, pressed: Pressed) -> Answer | None:
    """*A new cause* from a case's card."""
    case = case_of(turn.session, person.district, pressed.case)
    notices.retire(turn.session, press.at, CAUSE, turn.now)
    _preview(turn, press, person, causes.of_cases(turn.session, person, [case]))
    return Answer()


def _preview(turn: Turn, event: Said | Press, person: Person, chosen: causes.Selection) -> None:
    token = new_id()
    kept = chosen.data() | {"token": str(token)}
    remember(turn, event, CAUSE, district=person.district, **kept)
    message = cause_message.preview(person.district, chosen, token, person.language)
    _put(turn, event.at, person, message)


def named(turn: Turn, said: Said, person: Person, row: Asked) -> None:
    """Other words than the kind's name for the cause that was previewed."""
    name = " ".join(said.text.split())[: causes.LONGEST_NAME]
    if not name:
        raise Refused("cause_silent")
    notices.retire(turn.session, said.at, CAUSE, turn.now)
    _preview(turn, said, person, replace(causes.selection_of(row.data), name=name))


def _kept(turn: Turn, press: Press, pressed: Pressed, what: str) -> Asked:
    row = asked(turn, press)
    if row is None or row.what != what or row.data.get("token") != str(pressed.case):
        raise Refused("preview_gone")
    return row


def confirm(turn: Turn, press: Press, person: Person, pressed: Pressed) -> Answer | None:
    """*Yes*: just the previewed cases, as far as they are still open."""
    chosen = causes.selection_of(_kept(turn, press, pressed, CAUSE).data)
    forget(turn, press)
    cause = causes.begin(turn.session, person, chosen, turn.now)
    _show(turn, press, person, cause)
    return Answer()


# --- one case ---


def under(turn: Turn, press: Press, person: Person, pressed: Pressed) -> Answer | None:
    """One case goes under an open cause."""
    case = case_of(turn.session, person.district, pressed.case)
    cause = causes.for_case(turn.session, person, case, _key(pressed.arg))
    case = causes.share(turn.session, person, cause, pressed.case, pressed.version, turn.now)
    return Answer(plain("cause.under", person.language, number=case.number, name=cause.name))


def leave(turn: Turn, press: Press, person: Person, pressed: Pressed) -> Answer | None:
    """*Not this cause*."""
    case = causes.leave(turn.session, person, pressed.case, pressed.version, turn.now)
    return Answer(plain("cause.left", person.language, number=case.number))


# --- the cause itself ---


def show(turn: Turn, press: Press, person: Person, pressed: Pressed) -> Answer | None:
    """Where it stands."""
    cause = causes.of_desk(turn.session, person, pressed.case)
    notices.retire(turn.session, press.at, CAUSE, turn.now)
    _show(turn, press, person, cause)
    return Answer()


def _show(turn: Turn, event: Said | Press, person: Person, cause: Cause) -> None:
    found = causes.numbers(turn.session, cause, turn.now)
    more = len(causes.more(turn.session, cause)) if cause.ended_at is None else 0
    message = cause_message.cause_message(
        turn.session, cause, found, more, person.language, turn.now
    )
    _put(turn, event.at, person, message)


def cases(turn: Turn, press: Press, person: Person, pressed: Pressed) -> Answer | None:
    """Its open cases."""
    cause = causes.of_desk(turn.session, person, pressed.case)
    found = causes.cases_of(turn.session, cause, None, cause_message.SHOWN)
    message = cause_message.cases_message(turn.session, cause, found, person.language, turn.now)
    _put(turn, press.at, person, message)
    return Answer()


def more(turn: Turn, press: Press, person: Person, pressed: Pressed) -> Answer | None:
    """What else was reported of the kind where it is: all of it goes under the cause."""
    cause = causes.of_desk(turn.session, person, pressed.case)
    keys = [each.id for each in causes.more(turn.session, cause)]
    causes.put_under(turn.session, person, cause, keys, turn.now)
    _show(turn, press, person, cause)
    return Answer()


def ask_words(turn: Turn, press: Press, person: Person, pressed: Pressed) -> Answer | None:
    """*Tell everybody* and *It is gone*: in which words?"""
    cause = causes.of_desk(turn.session, person, pressed.case)
    if cause.ended_at is not None:
        raise Refused("cause_gone")
    over = pressed.verb == "cause_over"
    what = "cause_words"
    remember(turn, press, what, district=cause.district, cause=str(cause.id), over=over)
    key = "cause.ask_over" if over else "cause.ask_tell"
    reply(turn, press, person.language, key, ask="cause.ask_hint", name=cause.name)
    return Answer()


def words_told(turn: Turn, said: Said, person: Person, row: Asked) -> None:
    """The words, with a photo if the kind asks for one: first who would read them."""
    cause = causes.of_desk(turn.session, person, UUID(row.data["cause"]))
    words, over = said.text.strip()[: causes.LONGEST_WORDS], bool(row.data["over"])
    if not words:
        raise Refused("cause_silent")
    token = new_id()
    remember(
        turn,
        said,
        "cause_words",
        district=cause.district,
        cause=str(cause.id),
        over=over,
        words=words,
        token=str(token),
        files=[asdict(each) for each in said.files],
    )
    found = causes.numbers(turn.session, cause, turn.now)
    message = cause_message.words_message(cause, found, words, token, over, person.language)
    notices.retire(turn.session, said.at, CAUSE, turn.now)
    _put(turn, said.at, person, message)


def go(turn: Turn, press: Press, person: Person, pressed: Pressed) -> Answer | None:
    """*Yes*: everybody is told, or everything under it becomes done."""
    row = _kept(turn, press, pressed, "cause_words")
    cause = causes.of_desk(turn.session, person, UUID(row.data["cause"]))
    words = str(row.data["words"])
    files = [File(**each) for each in row.data["files"]]
    forget(turn, press)
    if row.data["over"]:
        cause_notices.end(turn.session, person, cause, words, files, turn.now)
    else:
        cause_notices.begin(turn.session, person, cause, words, turn.now)
    _show(turn, press, person, cause)
    return Answer(plain("cause.going_out", person.language))
