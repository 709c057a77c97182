"""A unit ends: who called it hears which tasks are left, and gives each to another with a tap."""

from datetime import timedelta

import pytest
from sqlmodel import Session, select

from domain.refused import Refused
from domain.tasks import task_colour
from models import CaseEvent, Task, Unit
from services import tasks, units
from services.buttons import data, key22
from services.clock import sweep
from services.imports import import_rows
from tests.handlers.test_circles import history
from tests.handlers.test_whistle import (
    COMMERCE,
    POLICE,
    PROPERTY,
    URBAN,
    blow,
    last,
    risen_case,
    run_for,
    task_of,
    town,
)
from tests.people import DISTRICT, STREET, Street


def called(session: Session, *assist: str) -> Street:
    street = town(session)
    risen_case(street)
    blow(street, "钱站长", "城管中队", *assist, words="拆飞线", due="3 个工作日")
    street.press("城管小韩", "接下", private=True)
    return street


def end(street: Street, successor: str | None = POLICE, days: int = 0) -> Unit:
    """The list of units says that urban management ends, and the day comes."""
    on = (street.now + timedelta(days=days)).date().isoformat()
    row = {"unit": URBAN, "name": "城管中队", "by": "chat", "ends_on": on}
    outcome = import_rows(
        street.session, "units", [row | {"successor": successor or ""}], street.now
    )
    assert not outcome.failed
    if not days:
        sweep(street.session, street.now)
        street.session.flush()
    return street.session.get_one(Unit, (DISTRICT, URBAN))


def test_the_desk_that_called_it_hears_at_once_which_tasks_are_left(session: Session) -> None:
    street = called(session)
    before = task_of(street, URBAN)
    end(street)
    told = last(street, "钱站长")
    assert "<b>城管中队</b>已撤并，留下 1 件。接手的是<b>派出所</b>" in told
    assert street.case().number in told
    task = task_of(street, URBAN)
    assert (task.state, task.due_at, task.keeper) == (
        "accepted",
        before.due_at,
        street.key("钱站长"),
    )
    assert task_colour(units.task_facts(task), street.now) == "green"


def test_nothing_is_said_before_the_day(session: Session) -> None:
    street = called(session)
    end(street, days=2)
    sweep(session, street.now)
    assert "已撤并" not in " ".join(street.texts("钱站长"))
    run_for(street, days=2)
    assert "已撤并" in " ".join(street.texts("钱站长"))


def test_a_unit_that_goes_on_after_all_is_not_reported(session: Session) -> None:
    street = called(session)
    end(street, days=2)
    row = {"unit": URBAN, "name": "城管中队", "by": "chat", "ends_on": "", "successor": ""}
    import_rows(session, "units", [row], street.now)
    run_for(street, days=2)
    assert "已撤并" not in " ".join(street.texts("钱站长"))


def test_one_tap_gives_a_task_to_the_successor_with_its_part_words_and_deadline(
    session: Session,
) -> None:
    street = called(session, "快乐物业")
    due = task_of(street, URBAN).due_at
    end(street)
    street.press("钱站长", "交给派出所", private=True)
    given = task_of(street, POLICE)
    assert (given.part, given.words, given.due_at, given.state) == ("lead", "拆飞线", due, "called")
    assert (given.keeper, task_of(street, URBAN).state) == (street.key("钱站长"), "called_off")
    case = street.case()
    assert (case.state, case.waits_for, case.lead_unit) == ("waiting", "task", POLICE)
    assert "拆飞线" in last(street, "民警老秦")
    street.press("民警老秦", "接下", private=True)
    assert task_of(street, POLICE).state == "accepted"
    assert "new_lead" in history(street)


def test_an_assisting_task_that_is_given_leaves_the_lead_alone(session: Session) -> None:
    street = town(session)
    risen_case(street)
    blow(street, "钱站长", "快乐物业", "城管中队", words="拆飞线", due="3 个工作日")
    end(street)
    street.press("钱站长", "交给派出所", private=True)
    assert (task_of(street, POLICE).part, street.case().lead_unit) == ("assist", PROPERTY)


def test_any_other_unit_can_be_chosen(session: Session) -> None:
    street = called(session)
    end(street, successor=None)
    assert "没有单位接手" in last(street, "钱站长")
    street.press("钱站长", "另找一家 ›", private=True)
    assert "城管中队" not in street.labels("105")[-8:]
    street.press("钱站长", "区商务局", private=True)
    assert task_of(street, COMMERCE).state == "called"


def test_a_deadline_that_is_over_becomes_the_next_working_day(session: Session) -> None:
    street = called(session)
    run_for(street, days=6)
    assert task_of(street, URBAN).due_at < street.now
    end(street)
    street.press("钱站长", "交给派出所", private=True)
    given = task_of(street, POLICE)
    assert street.now < given.due_at <= street.now + timedelta(days=1)


def test_a_task_that_nobody_gives_on_is_brought_up_each_working_day(session: Session) -> None:
    street = called(session)
    end(street)
    run_for(street, days=1)
    assert "这份任务还没有交给别家" in " ".join(street.texts("钱站长"))


def test_who_was_of_the_unit_reads_one_sentence_and_changes_nothing(session: Session) -> None:
    street = called(session)
    task = task_of(street, URBAN)
    end(street)
    for verb, arg in (("t_open", ""), ("t_done", ""), ("t_not", "no_means"), ("t_time", "1")):
        tap = data(verb, DISTRICT, task.id, task.version, arg)
        answer = street.press_data("城管小韩", tap, private=True)
        assert answer is not None
        assert "城管中队已撤并，这份任务由值班台另找单位，您不用再办" in answer.text
    assert task_of(street, URBAN).state == "accepted"


def test_nobody_but_the_desk_gives_a_task_on(session: Session) -> None:
    street = called(session, "派出所")
    end(street, successor=None)
    task = task_of(street, URBAN)
    commerce = session.get_one(Unit, (DISTRICT, COMMERCE))
    give = data("t_give", DISTRICT, task.id, task.version, key22(commerce.id))
    for name in ("民警老秦", "李强", "王阿姨", "城管小韩"):
        street.press_data(name, give, private=True)
    assert [each.unit for each in session.exec(select(Task)) if each.unit == COMMERCE] == []


def test_the_task_of_a_unit_that_goes_on_is_not_given_away(session: Session) -> None:
    street = called(session)
    task = task_of(street, URBAN)
    police = session.get_one(Unit, (DISTRICT, POLICE))
    with pytest.raises(Refused, match="unit_goes_on"):
        tasks.give(session, street.staff["钱站长"], task.id, police.id, street.now)


def test_a_successor_that_is_called_for_the_case_already_is_not_called_twice(
    session: Session,
) -> None:
    street = called(session, "派出所")
    end(street)
    assert not any("交给派出所" in label for label in street.labels("105"))
    task, police = task_of(street, URBAN), session.get_one(Unit, (DISTRICT, POLICE))
    with pytest.raises(Refused, match="unit_called"):
        tasks.give(session, street.staff["钱站长"], task.id, police.id, street.now)


def test_two_presses_give_a_task_once(session: Session) -> None:
    street = called(session)
    end(street)
    tap = street.button("105", "交给派出所")
    street.press_data("钱站长", tap, private=True)
    again = street.press_data("钱站长", tap, private=True)
    assert again is not None
    assert "新进展" in again.text
    assert len([each for each in session.exec(select(Task)) if each.unit == POLICE]) == 1


def test_what_a_case_s_story_says_of_it(session: Session) -> None:
    street = called(session)
    end(street)
    street.press("钱站长", "交给派出所", private=True)
    verbs = [each.verb for each in session.exec(select(CaseEvent).order_by(CaseEvent.seq))]  # type: ignore[arg-type]
    assert verbs[-4:] == ["task_unit_ended", "task_call_off", "new_lead", "task_call"]


def test_a_case_that_a_word_gave_to_the_unit_goes_back_to_the_desk_of_that_word(
    session: Session,
) -> None:
    street = called(session)
    case = street.case()
    case.arbiter, case.bound_unit = STREET, URBAN
    session.flush()
    end(street)
    for name in ("钱站长", "吴医生"):  # both sit at the street's desk
        assert case.number in " ".join(street.texts(name)).partition("已撤并")[2], name


def test_a_word_that_names_a_unit_that_is_no_more_reads_one_sentence(session: Session) -> None:
    street = called(session)
    case = street.case()
    case.arbiter = STREET
    session.flush()
    decide = data("decide", DISTRICT, case.id, case.version, POLICE)
    police = session.get_one(Unit, (DISTRICT, POLICE))
    police.ends_on = street.now.date()
    session.flush()
    answer = street.press_data("钱站长", decide, private=True)
    assert answer is not None
    assert "派出所已撤并，也没有单位接手" in answer.text
    assert street.case().bound_unit is None


def test_what_endangers_somebody_is_said_at_night_too(session: Session) -> None:
    street = called(session)
    case = street.case()
    case.urgency = "now"
    session.flush()
    street.now = street.now.replace(hour=15)  # eleven in the evening
    end(street)
    (row,) = [each for each in street.rows("105") if "已撤并，留下" in each.payload.get("text", "")]
    assert row.not_before is None


def test_many_tasks_come_in_several_notices_each_with_its_button(session: Session) -> None:
    street = called(session)
    first = task_of(street, URBAN)
    for number in range(7):
        case = street.case()
        session.add(Task(**_copy(first) | {"case": case.id, "words": f"第{number}件"}))
    session.flush()
    end(street)
    notices = [text for text in street.texts("钱站长") if "已撤并，留下" in text]
    assert sorted(text.count("牵头") for text in notices) == [2, 6]


def _copy(task: Task) -> dict[str, object]:
    return {
        name: getattr(task, name) for name in Task.model_fields if name not in ("id", "version")
    }
