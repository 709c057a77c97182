"""Cases are put together while something is under way, and taken apart after it: nothing is left
hanging, nobody's promise moves, and both go on to their end."""

from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise, product

import pytest
from sqlmodel import Session, select

from domain.lifecycle import ENDED, Verb
from domain.refused import Refused
from models import Case, CaseEvent, Due, Person
from services import auditing, clock, handling, merging, retention, sealing, verifying
from services.buttons import data
from services.due import next_at
from tests.handlers.test_desk import ABOVE, DESK, card, opened
from tests.handlers.test_merging import handled, two, voices
from tests.people import DISTRICT, NEXT_GRID, Street, peopled

Step = Callable[[Street, Case], None]


def press(street: Street, name: str, case: Case, verb: str, arg: str = "") -> None:
    street.session.expire_all()
    street.press_data(name, data(verb, DISTRICT, case.id, case.version, arg), private=True)
    street.session.expire_all()


def _taps(street: Street, name: str, case: Case, *labels: str) -> None:
    opened(street, case, name)
    for label in labels:
        street.press(name, label, private=True)
    street.session.expire_all()


def _owner(street: Street, case: Case) -> str:
    return next((name for name in street.staff if street.key(name) == case.owner), DESK)


def nothing(street: Street, case: Case) -> None:
    """As it is."""


def takes(street: Street, case: Case) -> None:
    if case.state == "dispatched":
        press(street, _owner(street, case), case, "take")


def asks_for_time(street: Street, case: Case) -> None:
    takes(street, case)
    _taps(street, _owner(street, case), case, "更多", "申请延期", "1 个工作日", "等材料")
    assert case.extension_asked


def gets_time(street: Street, case: Case) -> None:
    asks_for_time(street, case)
    street.press(DESK, "同意延期", private=True)
    street.session.expire_all()


def asks_the_reporter(street: Street, case: Case) -> None:
    takes(street, case)
    press(street, _owner(street, case), case, "ask", "when_home")
    assert case.state == "waiting"


def arrives(street: Street, case: Case) -> None:
    takes(street, case)
    press(street, _owner(street, case), case, "arrive")


def goes_back(street: Street, case: Case) -> None:
    takes(street, case)
    press(street, _owner(street, case), case, "hand_back", "not_my_kind")


def is_late_and_appealed(street: Street, case: Case) -> None:
    takes(street, case)
    case.overdue_at = street.now
    street.session.add(case)
    street.session.flush()
    press(street, _owner(street, case), case, "appeal", "wrong_limit")
    assert case.appeal


def loses_its_hands(street: Street, case: Case) -> None:
    person = street.session.get(Person, (DISTRICT, case.owner)) if case.owner else None
    if person is not None:
        person.reachable = False
        street.session.add(person)
        street.session.flush()
        handling.unreachable(street.session, person.id, DISTRICT, street.now)
        person.reachable = True
        street.session.flush()


def rises(street: Street, case: Case) -> None:
    takes(street, case)
    press(street, _owner(street, case), case, "rise", "many_units")
    assert case.circle == "small", (case.state, case.owner)


def goes_to_another_grid(street: Street, case: Case) -> None:
    street.press_data(DESK, data("movecase", DISTRICT, case.id, arg=NEXT_GRID), private=True)
    street.session.expire_all()


def waits_for_better_days(street: Street, case: Case) -> None:
    takes(street, case)
    opened(street, case)
    for label in ("挂账", "等经费", "30 天"):
        street.press(DESK, label, private=True)
    street.session.expire_all()
    assert case.waits_for == "suspended"


def time_passes(street: Street, case: Case) -> None:
    run_for(street, days=3)


STEPS: tuple[Step, ...] = (
    nothing, asks_for_time, gets_time, asks_the_reporter, arrives, goes_back,
    is_late_and_appealed, loses_its_hands, rises, goes_to_another_grid,
)  # fmt: skip
AFTER: tuple[Step, ...] = (*STEPS[1:], waits_for_better_days, time_passes)


def run_for(street: Street, **amount: float) -> None:
    end = street.now + timedelta(**amount)
    for _ in range(200):
        at = next_at(street.session)
        if at is None or at > end:
            break
        street.now = max(at, street.now)
        clock.sweep(street.session, street.now)
        street.session.flush()
    street.now = end
    street.session.expire_all()


def is_well(street: Street, *cases: Case) -> None:
    session = street.session
    session.flush()
    session.expire_all()
    assert auditing.cases(session, DISTRICT, [each.number for each in cases]) == []
    assert list(auditing._cases_without(session)) == []
    traces = [row.trace for row in session.exec(select(Due)) if (row.trace or "").startswith("f")]
    assert traces == []
    for case in cases:
        pending = select(Due).where(Due.case == case.id, Due.state == "pending")
        names = {row.name for row in session.exec(pending)}
        if case.state == "merged":
            assert names == {"case.archive"}
        assert case.voices == len(voices(street, case))


def together(street: Street, first: Case, second: Case) -> bool:
    """A desk above everything puts them together, whichever way the rules want it."""
    session, above = street.session, street.staff[ABOVE]
    session.expire_all()
    found = merging.pair(session, above, first, second, street.now)
    merging.merge(session, above, merging.pair_of(session, above, found.data()), street.now)
    session.expire_all()
    return found.stays is first


@pytest.mark.parametrize(("before", "which"), list(product(STEPS, (0, 1))))
def test_what_was_under_way_when_they_came_together_hangs_nowhere(
    session: Session, before: Step, which: int
) -> None:
    street = peopled(session)
    pair = two(street)
    before(street, pair[which])
    dues = [each.due_at for each in pair]
    first_stays = together(street, *pair)
    kept, gone = pair if first_stays else pair[::-1]
    is_well(street, kept, gone)
    assert kept.due_at == min(dues)
    merging.unmerge(session, street.staff[ABOVE], gone.id, None, street.now)
    is_well(street, kept, gone)
    assert [each.due_at for each in pair] == dues
    run_for(street, days=2)
    is_well(street, kept, gone)


@pytest.mark.parametrize(
    ("asks", "said", "decides"),
    [
        (asks_for_time, "延期申请到此为止，没批也没回绝", "同意延期"),
        (is_late_and_appealed, "申诉到此为止", "不计入考核"),
    ],
)
def test_who_asked_for_what_nobody_decides_any_more_hears_so(
    session: Session, asks: Step, said: str, decides: str
) -> None:
    street = peopled(session)
    first, second = two(street)
    takes(street, second)
    asker = _owner(street, second)
    asks(street, second)
    assert decides in str(card(street, DESK, second)["buttons"])
    together(street, first, second)
    assert second.merged_into == first.id
    assert (second.extension_asked, second.appeal) == (None, None)
    told = [each for each in street.texts(asker) if said in each]
    assert len(told) == 1
    assert second.number in told[0]
    assert first.number in told[0]
    assert decides not in str(card(street, DESK, second).get("buttons"))
    merging.unmerge(session, street.staff[ABOVE], second.id, None, street.now)
    session.expire_all()
    asks(street, second)  # it may be asked for again
    is_well(street, first, second)


def test_who_asked_hears_also_when_another_has_it_by_now(session: Session) -> None:
    street = peopled(session)
    first, second = two(street)
    takes(street, second)
    asker = _owner(street, second)
    asks_for_time(street, second)
    second.owner = street.key("周姐")
    session.add(second)
    session.flush()
    together(street, first, second)
    assert any("延期申请到此为止" in each for each in street.texts(asker))


def test_what_is_asked_for_in_the_one_that_stays_is_still_decided(session: Session) -> None:
    street = peopled(session)
    first, second = two(street)
    asks_for_time(street, first)
    together(street, first, second)
    assert first.extension_asked
    assert not any("到此为止" in each for each in street.texts("李强"))


def test_what_was_decided_before_stays_decided(session: Session) -> None:
    street = peopled(session)
    first, second = two(street)
    is_late_and_appealed(street, second)
    press(street, DESK, second, "exempt")
    assert second.appeal == "exempt"
    together(street, first, second)
    assert second.appeal == "exempt"


@pytest.mark.parametrize("after", AFTER)
def test_what_happened_meanwhile_hinders_no_taking_apart(session: Session, after: Step) -> None:
    street = peopled(session)
    first, second = two(street)
    together(street, first, second)
    own = second.due_at
    after(street, first)
    is_well(street, first, second)
    merging.unmerge(session, street.staff[ABOVE], second.id, None, street.now)
    is_well(street, first, second)
    assert second.due_at == own
    assert (second.state, second.merged_into) in (("dispatched", None), ("filed", None))
    run_for(street, days=5)
    is_well(street, first, second)


def test_the_chain_holds_and_each_history_says_every_step(session: Session) -> None:
    street = peopled(session)
    first, second = two(street)
    together(street, first, second)
    merging.unmerge(session, street.staff[ABOVE], second.id, None, street.now)
    together(street, first, second)
    handled(street, first)
    for case in (first, second):
        query = select(CaseEvent).where(CaseEvent.case == case.id).order_by(CaseEvent.seq)  # type: ignore[arg-type]
        events = list(session.exec(query))
        assert [each.seq for each in events] == list(range(1, len(events) + 1))
        for one, other in pairwise(events):
            assert one.after == other.before
        assert events[-1].after == case.state
        assert str(Verb.MERGE) in {each.verb for each in events} or case is first
    while sealing.seal(session, DISTRICT, street.now):
        pass
    assert isinstance(verifying.verify(session, DISTRICT), verifying.Head)


def test_a_merged_case_that_is_archived_leaves_the_other_whole(session: Session) -> None:
    street = peopled(session)
    first, second = two(street)
    together(street, first, second)
    retention.archive(session, second, street.now)
    session.flush()
    session.expire_all()
    assert (second.state, second.text, second.reporter) == ("archived", "", None)
    assert second.state in ENDED
    whole = opened(street, first)["text"]
    assert second.number in whole
    assert "黑得很" not in whole
    with pytest.raises(Refused):
        merging.unmerge(session, street.staff[DESK], second.id, None, street.now)
    session.expire_all()
    for name in ("王阿姨", "陈叔"):
        street.say(name, second.number, private=True, command="case")
        street.say(name, private=True, command="mydata")
        street.say(name, private=True, command="mine")
    handled(street, first)
    street.press_data("王阿姨", data("settle", DISTRICT, first.id, first.version))
    session.expire_all()
    assert first.state == "closed"
    press(street, "陈叔", first, "refuse")
    assert first.state == "reopened"
