"""Everybody who writes is somebody in the district; a name or language is theirs to change."""

import pytest
from sqlmodel import Session

from domain.refused import Refused
from services import people
from services.outbox import Address
from tests.services.lists import BOT, DISTRICT, NOW, account, settle, who


def test_a_resident_is_made_once(session: Session) -> None:
    first = people.resident(session, DISTRICT, account("5"), "阿暖", "zh-hant", NOW)
    again = people.resident(session, DISTRICT, account("5"), "阿暖姐", "en", NOW)
    assert first.id == again.id
    assert (again.name, again.language) == ("阿暖姐", "zh-Hant")


def test_the_same_account_is_another_person_in_another_district(session: Session) -> None:
    one = people.resident(session, DISTRICT, account("5"), "阿暖", None, NOW)
    two = people.resident(session, "110101", account("5"), "阿暖", None, NOW)
    assert one.id != two.id
    assert people.person_by_address(session, "telegram", "5", "777") == [two, one]
    assert people.person_by_address(session, "wechat", "5", "777") == []


def test_the_list_s_name_stays(session: Session) -> None:
    settle(session)
    who(session, "w1").address = "5"
    found = people.resident(session, DISTRICT, account("5"), "Nick", "en", NOW)
    assert (found.ref, found.name) == ("w1", "甲一")


def test_a_language_is_chosen_among_ours(session: Session) -> None:
    found = people.resident(session, DISTRICT, account("5"), "阿暖", "fr", NOW)
    assert found.language == "en"
    people.set_language(session, found, "zh-Hans")
    assert (found.language, found.language_chosen) == ("zh-Hans", True)
    with pytest.raises(Refused, match="language_unknown"):
        people.set_language(session, found, "fr")


def test_who_has_not_opened_the_chat_cannot_be_written_to(session: Session) -> None:
    found = people.resident(session, DISTRICT, account("5"), "阿暖", None, NOW)
    assert people.address_of(found) is None
    people.mark_reachable(session, found, BOT)
    assert people.address_of(found) == Address(BOT, "5")
    people.mark_unreachable(session, found)
    assert people.address_of(found) is None


def test_the_nameless_and_the_forgotten_have_a_neutral_word(session: Session) -> None:
    found = people.resident(session, DISTRICT, account("5"), " ", None, NOW)
    assert people.name_of(found, "en") == people.name_of(None, "en") == "a resident"
    found.name, found.deleted_at = "阿暖", NOW
    assert people.name_of(found) == "一位居民"


def test_who_comes_back_after_deleting_is_there_again(session: Session) -> None:
    found = people.resident(session, DISTRICT, account("5"), "阿暖", None, NOW)
    found.deleted_at = NOW
    again = people.resident(session, DISTRICT, account("5"), "阿暖", None, NOW)
    assert again.deleted_at is None


def test_an_unknown_person_is_refused(session: Session) -> None:
    with pytest.raises(Refused, match="person_unknown"):
        people.person_by_ref(session, DISTRICT, "nobody")
    with pytest.raises(Refused, match="person_unknown"):
        people.person(session, DISTRICT, None)
