"""A link works once, for three days, for one person; and only who is above gives it."""

from datetime import timedelta
from uuid import uuid4

import pytest
from sqlmodel import Session, col, select

from domain.refused import Refused
from models import Audit, Case, Invite, Person, Role, Voice
from services import enrolment, people
from services.access import roles_of
from services.equipment import policy
from services.texts import LANGUAGES
from tests.services.lists import DISTRICT, GRID, LATER, NOW, account, bring, settle, who


def invited(session: Session, ref: str = "w1", by: str = "s1") -> str:
    actor = who(session, by)
    return enrolment.invite(session, actor, DISTRICT, who(session, ref).id, NOW)


def refused(found: Person | Refused) -> str:
    assert isinstance(found, Refused)
    return found.code


def test_whoever_opens_the_link_is_the_person_of_the_list(session: Session) -> None:
    settle(session)
    found = enrolment.enrol(session, invited(session), account("5"), LATER)
    assert isinstance(found, Person)
    assert (found.ref, found.address, found.reachable) == ("w1", "5", True)
    assert roles_of(session, found)
    assert people.person_of(session, DISTRICT, account("5")) == found


def test_the_code_fits_a_link_and_is_nowhere_kept(session: Session) -> None:
    settle(session)
    code = invited(session)
    assert code.startswith("e-")
    assert len(code) <= 64
    row = session.exec(select(Invite)).one()
    assert code not in row.model_dump_json()
    message = enrolment.invitation(session, who(session, "w1"), code, "linli_bot", "zh-Hans")
    assert message.picture == {"kind": "qr", "url": f"https://t.me/linli_bot?start={code}"}


def test_a_code_works_once(session: Session) -> None:
    settle(session)
    code = invited(session)
    enrolment.enrol(session, code, account("5"), LATER)
    assert refused(enrolment.enrol(session, code, account("6"), LATER)) == "code_used"
    assert who(session, "w1").address == "5"


def test_a_code_works_for_three_days(session: Session) -> None:
    settle(session)
    code = invited(session)
    late = NOW + timedelta(hours=policy(session).invite_hours)
    assert refused(enrolment.enrol(session, code, account("5"), late)) == "code_expired"


def test_a_new_code_ends_the_old_one(session: Session) -> None:
    settle(session)
    first, second = invited(session), invited(session)
    assert refused(enrolment.enrol(session, first, account("5"), LATER)) == "code_unknown"
    assert isinstance(enrolment.enrol(session, second, account("5"), LATER), Person)


def test_a_new_phone_takes_the_old_one_s_place(session: Session) -> None:
    settle(session)
    enrolment.enrol(session, invited(session), account("5"), LATER)
    enrolment.enrol(session, invited(session), account("6"), LATER)
    assert who(session, "w1").address == "6"
    assert people.person_of(session, DISTRICT, account("5")) is None


def test_after_five_wrong_codes_in_an_hour_even_the_right_one_must_wait(session: Session) -> None:
    settle(session)
    code = invited(session)
    for _ in range(policy(session).tries_per_hour):
        assert refused(enrolment.enrol(session, "e-guess", account("5"), NOW)) == "code_unknown"
    assert refused(enrolment.enrol(session, code, account("5"), LATER)) == "too_many_tries"
    assert isinstance(enrolment.enrol(session, code, account("6"), LATER), Person)


def test_an_hour_later_one_may_try_again(session: Session) -> None:
    settle(session)
    code = invited(session)
    for _ in range(policy(session).tries_per_hour):
        enrolment.enrol(session, "e-guess", account("5"), NOW)
    later = NOW + timedelta(hours=1)
    assert isinstance(enrolment.enrol(session, code, account("5"), later), Person)


def test_an_account_is_one_person_of_the_list(session: Session) -> None:
    settle(session)
    enrolment.enrol(session, invited(session), account("5"), LATER)
    other = invited(session, "l1")
    assert refused(enrolment.enrol(session, other, account("5"), LATER)) == "already_enrolled"
    assert isinstance(enrolment.enrol(session, other, account("6"), LATER), Person)


def case_of(session: Session, reporter: Person) -> Case:
    made = Case(
        district=DISTRICT,
        number=f"KL-{uuid4().hex[:6]}",
        grid=GRID,
        community=GRID[:12],
        state="filed",
        kind="UM02",
        owner_unit=GRID,
        due_at=LATER,
        opened_at=NOW,
        reporter=reporter.id,
    )
    session.add(made)
    session.flush()
    session.add(Voice(district=DISTRICT, case=made.id, person=reporter.id, at=NOW))
    session.flush()
    return made


def test_what_somebody_reported_as_a_resident_stays_theirs(session: Session) -> None:
    settle(session)
    code = invited(session)
    before = people.resident(session, DISTRICT, account("5"), "阿暖", "en", NOW)
    people.set_language(session, before, "en")
    made = case_of(session, before)
    found = enrolment.enrol(session, code, account("5"), LATER)
    assert isinstance(found, Person)
    assert made.reporter == found.id
    assert [voice.person for voice in session.exec(select(Voice)).all()] == [found.id]
    assert (found.name, found.language) == ("甲一", "en")


def test_the_resident_s_row_keeps_nothing(session: Session) -> None:
    settle(session)
    code = invited(session)
    before = people.resident(session, DISTRICT, account("5"), "阿暖", "en", NOW)
    enrolment.enrol(session, code, account("5"), LATER)
    assert (before.address, before.name, before.deleted_at) == (None, "", LATER)


@pytest.mark.parametrize(
    ("actor", "person"),
    [("a1", "s2"), ("a1", "a1"), ("s2", "s1"), ("s2", "w1"), ("s1", "w1"), ("s1", "l1")],
)
def test_who_is_above_invites(session: Session, actor: str, person: str) -> None:
    settle(session)
    assert invited(session, person, by=actor)


@pytest.mark.parametrize(
    ("actor", "person"),
    [
        ("w1", "w2"),
        ("l1", "w1"),
        ("s1", "s2"),
        ("s1", "s1"),
        ("s2", "a1"),
        ("s1", "d1"),
        ("d1", "w1"),
    ],
)
def test_nobody_else_does(session: Session, actor: str, person: str) -> None:
    settle(session)
    with pytest.raises(Refused, match="not_yours_to_administer"):
        invited(session, person, by=actor)
    assert session.exec(select(Invite)).all() == []


def test_a_person_with_a_role_elsewhere_too_is_not_the_lower_desk_s(session: Session) -> None:
    settle(session)
    bring(
        session, "people", "id,name,role,unit\nw1,甲一,worker,320116001001001\nw1,甲一,admin,320116"
    )
    assert not enrolment.may_administer(session, who(session, "s1"), who(session, "w1"))
    assert enrolment.may_administer(session, who(session, "a1"), who(session, "w1"))


def test_a_revoked_person_has_no_role_from_that_moment(session: Session) -> None:
    settle(session)
    found = enrolment.enrol(session, invited(session), account("5"), LATER)
    assert isinstance(found, Person)
    open_code = invited(session)
    enrolment.revoke_person(session, who(session, "s1"), DISTRICT, found.id, LATER)
    assert roles_of(session, found) == ()
    held = select(Role).where(Role.person == found.id, col(Role.revoked_at).is_(None))
    assert session.exec(held).all() == []
    assert refused(enrolment.enrol(session, open_code, account("6"), LATER)) == "code_unknown"
    acts = session.exec(select(Audit.act).where(Audit.actor == who(session, "s1").id)).all()
    assert "revoked" in acts


def test_nobody_revokes_themselves_or_who_is_above(session: Session) -> None:
    settle(session)
    for actor, person, code in (
        ("a1", "a1", "not_yourself"),
        ("s1", "s2", "not_yours_to_administer"),
        ("w1", "w2", "not_yours_to_administer"),
    ):
        with pytest.raises(Refused, match=code):
            enrolment.revoke_person(
                session, who(session, actor), DISTRICT, who(session, person).id, NOW
            )


def test_who_has_no_role_cannot_be_invited(session: Session) -> None:
    settle(session)
    somebody = people.resident(session, DISTRICT, account("9"), "路人", None, NOW)
    with pytest.raises(Refused, match="no_role"):
        enrolment.invite(session, None, DISTRICT, somebody.id, NOW)


@pytest.mark.parametrize("language", LANGUAGES)
def test_roles_are_said_in_words(session: Session, language: str) -> None:
    settle(session)
    for ref in ("w1", "l1", "s1", "d1", "a1"):
        said = enrolment.roles_in_words(session, who(session, ref), language)
        assert said
        assert ":" not in said
