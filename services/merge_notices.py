"""Who hears, once, that two cases are one matter from now on, or are two again."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import Session, col, select

from domain.lifecycle import Appeal, Verb
from models import Case, CaseEvent, Voice
from models.cases import OTHER_SIDE
from services import attachments, buttons, duty, notices
from services.cards import look_at, owner_name
from services.outbox import About, Button, Message, Priority, put
from services.texts import plain, say


def tell_merged(
    session: Session,
    kept: Case,
    gone: Case,
    owners: tuple[UUID | None, UUID | None],
    now: datetime,
    *,
    promise_moved: bool,
) -> None:
    """`owners`: who had the one that stays, and the one that goes."""
    _to_residents(session, gone, "told.merged", now, into=kept.number)
    if promise_moved:
        notices.tell_reporter(session, kept, "told.sooner", now, _stamp(gone))
    stays, goes = owners
    if goes is not None and goes != stays:
        into = kept.number
        notices.tell_staff(session, gone, goes, "work.merged", now, _stamp(gone), into=into)
    if stays is not None:
        notices.tell_staff(
            session, kept, stays, "work.absorbed", now, _stamp(gone), other=gone.number
        )
        worker = notices.person_of(session, kept, stays)
        if worker is not None:
            files = attachments.of(session, gone, "report")
            notices.send_files(session, kept, worker, files, now)


def asked_for(session: Session, case: Case) -> dict[str, UUID]:
    """What is still to be decided in the case, as the sentence for its end, and who asked."""
    asked = {
        Verb.ASK_TIME: case.extension_asked is not None,
        Verb.APPEAL: case.appeal == Appeal.ASKED,
    }
    found = {verb: _last_by(session, case, verb) for verb, still in asked.items() if still}
    return {_UNDECIDED[verb]: who for verb, who in found.items() if who is not None}


_UNDECIDED = {Verb.ASK_TIME: "work.time_ended", Verb.APPEAL: "work.appeal_ended"}


def _last_by(session: Session, case: Case, verb: Verb) -> UUID | None:
    query = select(CaseEvent.actor).where(
        CaseEvent.district == case.district, CaseEvent.case == case.id, CaseEvent.verb == str(verb)
    )
    return session.exec(query.order_by(col(CaseEvent.seq).desc())).first()


def tell_undecided(
    session: Session, kept: Case, gone: Case, asked: dict[str, UUID], now: datetime
) -> None:
    """Who asked for something in the one that goes (`asked_for`) hears that nobody decides it."""
    for sentence, who in asked.items():
        notices.tell_staff(session, gone, who, sentence, now, _stamp(gone), into=kept.number)


def tell_unmerged(session: Session, kept: Case, gone: Case, now: datetime) -> None:
    """Its people read that it goes on by itself; who has it next gets the card by the rule."""
    _to_residents(session, gone, "told.unmerged", now, into=kept.number)
    if kept.owner is not None:
        notices.tell_staff(
            session, kept, kept.owner, "work.released", now, _stamp(gone), other=gone.number
        )


def tell_split(session: Session, case: Case, made: Case, now: datetime) -> None:
    """Who had joined reads their own number, and what it was part of."""
    notices.tell_reporter(session, made, "told.split", now, _stamp(made), other=case.number)


def _to_residents(session: Session, case: Case, sentence: str, now: datetime, **facts: Any) -> None:
    """The reporter where they are told things, whoever joined in private."""
    notices.tell_reporter(session, case, sentence, now, _stamp(case), **facts)
    query = select(Voice).where(
        Voice.district == case.district,
        Voice.case == case.id,
        col(Voice.part) != OTHER_SIDE,
    )
    for voice in session.exec(query):
        person = notices.person_of(session, case, voice.person)
        to = notices.private_chat(person, case.bot)
        if person is None or to is None or person.id == case.reporter:
            continue
        text = say(sentence, person.language, number=case.number, **facts)
        message = Message(text, silent=duty.is_night(session, case.district, now))
        about = About(
            priority=Priority.NOTICE,
            district=case.district,
            case=case.id,
            person=person.id,
            dedupe=f"{sentence}:{case.id}:{case.version}:{person.id}",
        )
        put(session, to, message, now, about)


def _stamp(case: Case) -> str:
    return f"{case.id}:{case.version}"


# --- what the desk reads ---


def preview(
    session: Session,
    kept: Case,
    gone: Case,
    token: UUID,
    may_swap: bool,
    now: datetime,
    language: str,
) -> Message:
    """Which number stays, who is counted in, which card goes away, by when; and the buttons."""
    stays, goes = (look_at(session, case, language, now) for case in (kept, gone))
    numbers: dict[str, Any] = {"stays": kept.number, "goes": gone.number}
    lines = [say("merge.preview", language, **numbers)]
    lines.append(say("merge.people", language, n=gone.voices))
    if gone.owner is not None and gone.owner != kept.owner:
        lines.append(say("merge.hands", language, name=owner_name(goes), **numbers))
    due = min(kept.due_at, gone.due_at)
    lines.append(say("merge.promise", language, when=stays.when(due)))
    lines.append(say("merge.reversible", language, **numbers))
    rows = [(_button("merge_yes", "btn.merge_yes", kept, token, language, "primary"),)]
    if may_swap:
        rows.append((_button("merge_swap", "btn.merge_swap", kept, token, language),))
    leave = buttons.data("open", kept.district, kept.id)
    rows.append((Button(plain("btn.back", language), leave),))
    return Message("\n".join(lines), tuple(rows))


def _button(
    verb: str, label: str, case: Case, token: UUID, language: str, style: str | None = None
) -> Button:
    return Button(plain(label, language), buttons.data(verb, case.district, token), style=style)


def merged_message(kept: Case, gone: Case, language: str) -> Message:
    """What was done, with both cases a tap away."""
    text = say("merge.done", language, stays=kept.number, goes=gone.number)
    opening = (
        Button(case.number, buttons.data("open", case.district, case.id)) for case in (kept, gone)
    )
    return Message(text, (tuple(opening),))
