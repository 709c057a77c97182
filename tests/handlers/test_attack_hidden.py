"""A worker, a unit, a desk, a neighbour: each tries to find out who reported, by every screen."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlmodel import Session, select

from models import Audit, Person
from services import attachments, cards, people, privacy, worklist
from services.buttons import data
from services.cards import look_at
from services.task_cards import task_card
from services.texts import LANGUAGES, plain
from services.trouble import describe
from services.units import tasks_of
from tests.handlers.test_privacy_in_public import choose, delivered, shown, started
from tests.people import ADDRESSES, DISTRICT, GROUP_CHAT, Street, peopled, photo

NAME, ADDRESS = "欧阳秀英", "8675309"
LAMP = "3号楼2单元楼道灯坏了，我叫欧阳秀英，电话13812345678"
STAFF = ("李强", "赵敏", "周姐", "孙主任", "钱站长")
GIVES_AWAY = (NAME, ADDRESS, "秀英", "13812345678", "tg://user")


def hidden(session: Session, text: str = LAMP) -> Street:
    """A report in the group by somebody with a rare name, hidden from group and worker."""
    street = peopled(session)
    ADDRESSES[NAME] = ADDRESS
    started(street, NAME)
    street.say(NAME, text, command="report", files=(photo("before"),))
    delivered(street)
    choose(street, "b", NAME)
    delivered(street)
    return street


def gives_away(text: str) -> list[str]:
    return [each for each in GIVES_AWAY if each in text]


def press(street: Street, name: str, verb: str, arg: str = "") -> None:
    case = street.case()
    street.press_data(name, data(verb, DISTRICT, case.id, case.version, arg), private=True)


Step = Callable[[Street], None]


def _ask(street: Street) -> None:
    press(street, "李强", "ask", "when_home")
    press(street, NAME, "answer", "evening")


def _appoint(street: Street) -> None:
    press(street, "李强", "slots", "soon")
    press(street, NAME, "appoint", "0")


def _add(street: Street) -> None:
    press(street, NAME, "add")
    street.say(NAME, "我是欧阳秀英，现在更暗了", private=True, files=(photo("more"),))


def _finish(street: Street) -> None:
    press(street, "李强", "done")
    street.said += 1
    unique = "again" if street.case().reopenings else "after"
    street.say("李强", private=True, files=(photo(unique),))


STEPS: tuple[Step, ...] = (
    lambda street: press(street, "李强", "take"),
    _ask,
    _appoint,
    _add,
    lambda street: press(street, "李强", "arrive"),
    lambda street: press(street, "孙主任", "urge"),
    _finish,
    lambda street: press(street, "李强", "publish"),
    lambda street: press(street, NAME, "refuse"),
    lambda street: press(street, "李强", "take"),
    _finish,
    lambda street: press(street, NAME, "settle"),
)


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_message_to_anybody_gives_a_hidden_reporter_away(
    session: Session, language: str
) -> None:
    street = hidden(session)
    for person in street.staff.values():
        person.language = language
    street.group.language = language
    for step in STEPS:
        street.now += timedelta(minutes=5)
        step(street)
        for place in (*STAFF, GROUP_CHAT):
            assert gives_away(shown(street, place)) == [], (place, step)
        delivered(street)
    assert street.case().state == "closed"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", STAFF)
def test_no_screen_gives_a_hidden_reporter_away(session: Session, language: str, name: str) -> None:
    street = hidden(session)
    _add(street)
    press(street, "李强", "take")
    case, person = street.case(), street.staff[name]
    person.language = language
    look = look_at(session, case, language, street.now)
    menus = ("", "more", "back", "ask", "slots", "assign", "end", "desk", "story", "whois")
    screens = [cards.staff_card(look, person, menu) for menu in menus]
    screens += [cards.group_card(look, menu) for menu in ("", "main", "names", "classes")]
    screens += [cards.side_question(look, person)]
    made = worklist.worklist(session, person, street.now)
    screens += [made] if made else []
    text = "\n".join(str(each.as_json()) for each in screens)
    text += "".join(describe(session, row, language) for row in street.rows(ADDRESS))
    assert gives_away(text) == []


@pytest.mark.parametrize("name", STAFF)
@pytest.mark.parametrize(
    "command", ["list", "case", "cases", "day", "numbers", "undelivered", "who", "people", "mine"]
)
def test_no_command_gives_a_hidden_reporter_away(session: Session, name: str, command: str) -> None:
    street = hidden(session)
    number = street.case().number
    for text in ("", number, NAME, "秀英", ADDRESS):
        before = len(street.rows(ADDRESSES[name]))
        street.say(name, text, private=True, command=command)
        new = street.rows(ADDRESSES[name])[before:]
        said = "\n".join(str(row.payload) for row in new).replace(f"“{text}”", "")
        said = said.replace(f"「{text}」", "") if text else said
        assert gives_away(said.replace(text, "") if text in (NAME, "秀英", ADDRESS) else said) == []


def test_a_search_for_the_name_finds_no_hidden_case(session: Session) -> None:
    street = hidden(session)
    street.say("孙主任", NAME, private=True, command="cases")
    assert street.case().number not in street.texts("孙主任")[-1]


@pytest.mark.parametrize("verb", ["name", "hush", "settle", "refuse", "add", "withdraw", "unsay"])
@pytest.mark.parametrize("name", ["李强", "陈叔"])
def test_no_button_of_the_reporters_says_whose_it_is(
    session: Session, name: str, verb: str
) -> None:
    street = hidden(session)
    case = street.case()
    arg = {"name": "n", "hush": ""}.get(verb, "")
    answer = street.press_data(name, data(verb, DISTRICT, case.id, case.version, arg))
    assert answer is None or gives_away(answer.text + (answer.url or "")) == []
    assert street.case().hide_name
    assert street.case().hide_group


def test_a_unit_reads_neither_name_nor_words(session: Session) -> None:
    from tests.handlers.test_whistle import CABLES, blow, town

    street = town(session)
    ADDRESSES[NAME] = ADDRESS
    started(street, NAME)
    street.say(NAME, f"{CABLES}，我叫欧阳秀英", command="report")
    choose(street, "b", NAME)
    press(street, "李强", "take")
    press(street, "李强", "rise", "many_units")
    blow(street, "钱站长", "城管中队", words="请清理", due="1 个工作日")
    assert "请清理" in shown(street, "城管小韩")
    for name in ("城管小韩", "钱站长"):
        assert gives_away(shown(street, name)) == []
    for task in tasks_of(session, street.case()):
        for language in LANGUAGES:
            look = look_at(session, street.case(), language, street.now)
            text = str(task_card(look, task, street.staff["城管小韩"]).as_json())
            assert gives_away(text) == []


def test_a_foreigners_tongue_is_no_hint(session: Session) -> None:
    street = peopled(session)
    started(street, "Emily")
    street.say("Emily", "The stairwell light in building 3 is broken", command="report")
    tongue = plain("tongue.en", "zh-Hans")
    assert tongue in street.texts("李强")[-1]
    choose(street, "w", "Emily")
    assert tongue not in street.texts("李强")[-1]
    assert "Emily" not in street.texts("李强")[-1]


# --- the desk's look ---


def test_the_desk_says_why_it_looks_at_who_is_hidden_and_they_read_it(session: Session) -> None:
    street = hidden(session)
    case = street.case()
    whois = data("whois", DISTRICT, case.id, case.version)
    asked = street.press_data("孙主任", whois, private=True)
    assert asked is not None
    assert gives_away(asked.text) == []
    assert list(session.exec(select(Audit).where(Audit.act == "reporter_revealed"))) == []
    why = street.press("孙主任", "有危险", private=True)
    assert why is not None
    assert NAME in why.text
    trace = session.exec(select(Audit).where(Audit.act == "reporter_revealed")).one()
    assert (trace.actor, trace.facts["reason"]) == (street.key("孙主任"), "look_danger")
    for language in LANGUAGES:
        me = _person(street)
        me.language = language
        text = privacy.mydata(session, me, street.now)[0].text
        assert "孙主任" in text
        assert plain("reason.look_danger", language) in text


def _person(street: Street) -> Person:
    return people.person(street.session, DISTRICT, street.case().reporter)


@pytest.mark.parametrize("name", ["李强", "赵敏", "周姐", "郑工", "冯管理", "陈叔"])
@pytest.mark.parametrize("arg", ["", "look_danger"])
def test_nobody_but_the_desk_looks(session: Session, name: str, arg: str) -> None:
    street = hidden(session)
    case = street.case()
    before = len(street.rows(ADDRESSES[name]))
    whois = data("whois", DISTRICT, case.id, case.version, arg)
    answer = street.press_data(name, whois, private=name != "陈叔")
    assert answer is not None
    assert gives_away(answer.text) == []
    assert len(street.rows(ADDRESSES[name])) == before
    assert list(session.exec(select(Audit).where(Audit.act == "reporter_revealed"))) == []


def test_a_look_with_a_made_up_reason_is_refused(session: Session) -> None:
    street = hidden(session)
    case = street.case()
    whois = data("whois", DISTRICT, case.id, case.version, "curious")
    answer = street.press_data("孙主任", whois, private=True)
    assert answer is not None
    assert gives_away(answer.text) == []


def test_a_look_at_who_hides_nothing_is_kept_and_read_as_well(session: Session) -> None:
    street = peopled(session)
    started(street, "王阿姨")
    street.say("王阿姨", "3号楼2单元楼道灯坏了", command="report")
    case = street.case()
    street.press_data("孙主任", data("whois", DISTRICT, case.id, case.version), private=True)
    street.say("王阿姨", private=True, command="mydata")
    assert any("孙主任" in text for text in street.texts("王阿姨"))


def test_a_desk_that_has_taken_the_case_itself_still_has_to_look(session: Session) -> None:
    street = peopled(session)
    street.say("王阿姨", "3号楼2单元楼道灯坏了", command="report")
    case = street.case()
    for name in ("李强", "赵敏", "周姐"):
        press(street, name, "hand_back", "not_my_kind")
    case.owner, case.taken_by, case.state = street.key("孙主任"), street.key("孙主任"), "taken"
    session.add(case)
    session.flush()
    look = look_at(session, street.case(), "zh-Hans", street.now)
    assert "王阿姨" not in cards.staff_card(look, street.staff["孙主任"]).text


# --- photos ---


def photos_in_group(street: Street) -> list[str]:
    rows = [row for row in street.rows(GROUP_CHAT) if row.state != "dropped"]
    return [each["file_id"] for row in rows for each in row.payload.get("photos", [])]


def taken(session: Session, *files: str) -> Street:
    street = peopled(session)
    mine = tuple(photo(each) for each in files)
    street.say("王阿姨", "3号楼2单元楼道灯坏了", command="report", files=mine)
    press(street, "李强", "take")
    return street


def test_nothing_is_published_without_the_press(session: Session) -> None:
    street = taken(session, "reported")
    _finish(street)
    assert photos_in_group(street) == []
    press(street, "李强", "publish")
    assert photos_in_group(street) == ["file-after"]


@pytest.mark.parametrize("name", ["赵敏", "周姐", "孙主任", "冯管理", "王阿姨", "陈叔"])
def test_nobody_but_who_answers_for_them_publishes(session: Session, name: str) -> None:
    street = taken(session)
    _finish(street)
    press_data = data("publish", DISTRICT, street.case().id)
    answer = street.press_data(name, press_data, private=name != "陈叔")
    assert answer is not None
    assert answer.alert
    assert photos_in_group(street) == []


def test_the_pair_before_and_after_is_shown_in_that_order_and_the_rest_stays(
    session: Session,
) -> None:
    street = taken(session, "reported")
    for unique in ("old", "close"):
        street.say("李强", private=True, files=(photo(unique),))
        street.press("李强", street.case().number, private=True)
        street.press("李强", {"old": "处置前", "close": "近景"}[unique], private=True)
    press(street, "李强", "done")
    if street.case().state == "taken":
        street.say("李强", private=True, files=(photo("after"),))
    press(street, "李强", "publish")
    assert photos_in_group(street) == ["file-old", "file-after"]


def test_a_photo_of_the_reporters_is_never_shown(session: Session) -> None:
    street = taken(session, "reported")
    _finish(street)
    case = street.case()
    attachments.add(session, case, photo("theirs"), "after", case.reporter, street.now)
    press(street, "李强", "publish")
    assert photos_in_group(street) == ["file-after"]


def test_an_album_of_the_work_is_shown_whole_with_one_press(session: Session) -> None:
    street = taken(session)
    press(street, "李强", "done")
    street.say("李强", private=True, files=(photo("one"),), album="x")
    street.say("李强", private=True, files=(photo("two"),), album="x")
    assert photos_in_group(street) == []
    press(street, "李强", "publish")
    press(street, "李强", "publish")
    assert photos_in_group(street) == ["file-one", "file-two"]


def test_what_became_private_is_not_shown_and_what_was_shown_goes(session: Session) -> None:
    street = taken(session)
    _finish(street)
    press(street, "李强", "publish")
    delivered(street)
    sent = [row.message for row in street.rows(GROUP_CHAT) if row.payload.get("photos")]
    case = street.case()
    street.press_data("王阿姨", data("hush", DISTRICT, case.id, case.version))
    gone = [row.payload["message"] for row in street.rows(GROUP_CHAT) if row.act == "delete"]
    assert set(sent) <= set(gone)
    press(street, "李强", "publish")
    assert len(photos_in_group(street)) == 1


def test_what_was_settled_on_the_spot_shows_nothing(session: Session) -> None:
    street = peopled(session)
    street.say("李强", "3号楼楼道灯换好了", private=True, command="report", files=(photo("spot"),))
    street.press("李强", plain("source.spot"), private=True)
    press(street, "李强", "publish")
    assert photos_in_group(street) == []


def test_a_publication_answers_no_message(session: Session) -> None:
    street = taken(session)
    _finish(street)
    press(street, "李强", "publish")
    row = next(row for row in street.rows(GROUP_CHAT) if row.payload.get("photos"))
    assert "reply_to" not in row.payload
