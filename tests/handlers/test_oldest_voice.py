"""A case that has no reporter, and has taken in one that has: its oldest voice speaks for it."""

from datetime import timedelta

from sqlmodel import Session

from models import Case, Person
from services import merging
from services.buttons import data
from tests.handlers.test_attack_under_way import is_well, run_for
from tests.handlers.test_desk import DESK
from tests.handlers.test_merging import DARK, LAMP, handled, merged, started, voices
from tests.people import ADDRESSES, DISTRICT, GROUP_CHAT, Street, peopled

PHONED = "居民来电"


def phoned(street: Street) -> Case:
    """赵敏 reports the lamp for somebody who rang, and 李强 has it."""
    street.say("赵敏", LAMP, private=True)
    street.press("赵敏", PHONED, private=True)
    case = street.case()
    assert (case.reporter, case.voices, case.group) == (None, 1, None)
    case.owner = street.key("李强")
    street.session.add(case)
    street.session.flush()
    street.press_data("李强", data("take", DISTRICT, case.id, case.version), private=True)
    street.now += timedelta(minutes=20)
    return case


def reports(street: Street, name: str) -> Case:
    street.say(name, DARK, command="report")
    return street.case()


def name_of(street: Street, case: Case) -> str:
    return street.session.get_one(Person, (DISTRICT, case.reporter)).name


def test_the_oldest_voice_speaks_for_a_case_filed_for_somebody_without_a_chat(
    session: Session,
) -> None:
    street = peopled(session)
    started(street, "陈叔", "Emily")
    kept = phoned(street)
    gone = reports(street, "陈叔")
    street.now += timedelta(minutes=1)
    street.press("Emily", "我也遇到")
    merged(street, kept, gone)
    assert gone.merged_into == kept.id
    assert (name_of(street, kept), kept.voices) == ("陈叔", 3)
    handled(street, kept)
    assert kept.asked_at == street.now
    street.press("陈叔", "解决了", private=True)
    session.expire_all()
    assert (kept.state, kept.closing) == ("closed", "settled")
    is_well(street, gone)


def test_who_never_opened_a_chat_is_asked_where_they_reported(session: Session) -> None:
    street = peopled(session)
    kept = phoned(street)
    gone = reports(street, "陈叔")
    merged(street, kept, gone)
    handled(street, kept)
    asked = [row.payload for row in street.rows(GROUP_CHAT) if row.card == f"q:{kept.id}"]
    assert f"tg://user?id={ADDRESSES['陈叔']}" in asked[-1]["text"]
    assert asked[-1].get("reply_to") in (None, gone.source_message)
    street.press("陈叔", "解决了")
    session.expire_all()
    assert (kept.state, kept.closing) == ("closed", "settled")


def test_it_is_asked_as_well_when_the_reporter_was_deleted_before(session: Session) -> None:
    street = peopled(session)
    started(street, "王阿姨", "陈叔")
    street.say("王阿姨", LAMP, command="report")
    kept = street.case()
    street.press("李强", "接单", private=True)
    street.now += timedelta(minutes=20)
    street.say("王阿姨", private=True, command="delete")
    street.press_data("王阿姨", data("forget", DISTRICT), private=True)
    session.expire_all()
    assert (kept.reporter, kept.voices) == (None, 0)
    gone = reports(street, "陈叔")
    merged(street, kept, gone)
    assert (name_of(street, kept), kept.voices) == ("陈叔", 1)
    handled(street, kept)
    assert kept.asked_at == street.now
    run_for(street, days=30)
    assert (kept.state, kept.closing) == ("closed", "unconfirmed")


def test_taken_apart_again_it_has_no_reporter_as_before(session: Session) -> None:
    street = peopled(session)
    started(street, "陈叔")
    kept = phoned(street)
    gone = reports(street, "陈叔")
    merged(street, kept, gone)
    merging.unmerge(session, street.staff[DESK], gone.id, None, street.now)
    session.expire_all()
    assert (kept.reporter, kept.voices, len(voices(street, kept))) == (None, 1, 0)
    assert name_of(street, gone) == "陈叔"


def test_who_speaks_for_a_case_keeps_doing_so_when_others_go_into_it(session: Session) -> None:
    street = peopled(session)
    started(street, "陈叔", "王阿姨")
    street.say("王阿姨", LAMP, command="report")
    kept = street.case()
    street.press("李强", "接单", private=True)
    gone = reports(street, "陈叔")
    merged(street, kept, gone)
    assert name_of(street, kept) == "王阿姨"
