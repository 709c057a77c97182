"""What is said in the group to one person is in their language; what all read, in the group's."""

import pytest
from sqlmodel import Session

from services.buttons import data
from tests.people import DISTRICT, GROUP_CHAT, Street, peopled, photo

LIGHT = "The light in the stairwell of building 8 is broken"


def is_english(text: str) -> bool:
    return not any("\u4e00" <= letter <= "\u9fff" for letter in text)


def press(street: Street, name: str, verb: str, arg: str = "", private: bool = True) -> None:
    case = street.case()
    street.press_data(name, data(verb, DISTRICT, case.id, case.version, arg), private=private)


def last(street: Street) -> str:
    return street.texts(GROUP_CHAT)[-1]


def reported(session: Session) -> Street:
    """Emily, who never opened the private chat, has reported; the worker has it."""
    street = peopled(session)
    street.say("Emily", LIGHT, command="report")
    assert "楼道灯不亮" in last(street)  # the card is everybody's
    press(street, "李强", "take")
    return street


def test_a_question_an_appointment_and_its_end_are_said_to_the_reporter_in_theirs(
    session: Session,
) -> None:
    street = reported(session)
    for verb, arg, said in (
        ("ask", "still", "Is it still so?"),
        ("slots", "soon", "when may we come?"),
    ):
        press(street, "李强", verb, arg)
        assert said in last(street)
        assert is_english(last(street))
        if verb == "ask":
            press(street, "Emily", "answer", "yes", private=False)
    press(street, "Emily", "appoint", "0", private=False)
    assert is_english(last(street))
    press(street, "李强", "done")
    street.say("李强", private=True, files=(photo("after"),))
    asked = [each for each in street.texts(GROUP_CHAT) if "Is it settled" in each]
    assert len(asked) == 1
    assert "Emily" in asked[0]


@pytest.mark.parametrize(
    ("who", "english"), [("Emily", True), ("陈叔", False)], ids=["in English", "in Chinese"]
)
def test_who_asks_or_joins_in_the_group_is_answered_in_theirs(
    session: Session, who: str, english: bool
) -> None:
    street = peopled(session)
    street.say("王阿姨", LIGHT, command="report")
    street.say(who, LIGHT, command="report")  # the same words join it
    assert is_english(last(street)) is english
    street.say(who, "hello there")
    assert is_english(last(street)) is english
    street.say(who, command="report")
    assert is_english(last(street)) is english


def test_a_tongue_tells_nobody_who_would_rather_not_be_named(session: Session) -> None:
    street = reported(session)
    press(street, "Emily", "name", "b", private=False)
    press(street, "李强", "ask", "still")
    assert "现在还是这样吗" in last(street)
