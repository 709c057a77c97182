"""Deadlines that move and stand still: tables that a clerk can check, and rules that walk."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.lifecycle import (
    APPEAL_REASONS,
    BEFORE_DONE,
    EXTENSION_REASONS,
    SUSPENSION_REASONS,
    CaseFacts,
    Change,
    Given,
    State,
    Timer,
    Verb,
    colour,
    counts_late,
    decide,
    handler_due,
    stage_of,
)
from domain.refused import Refused
from domain.roles import CLOCK, ActorFacts, RoleIn, RoleName
from domain.worktime import Calendar, Unit, add_work, carried

GRID, COMMUNITY, STREET = "110101001001001", "110101001001", "110101001"
REPORTER, WORKER, DESK, ABOVE = (uuid4() for _ in range(4))
ACTORS = {
    "reporter": ActorFacts(REPORTER, (), voice=True),
    "worker": ActorFacts(WORKER, (RoleIn(RoleName.WORKER, GRID),)),
    "desk": ActorFacts(DESK, (RoleIn(RoleName.SUPERVISOR, COMMUNITY),)),
    "street": ActorFacts(ABOVE, (RoleIn(RoleName.SUPERVISOR, STREET),)),
    "clock": CLOCK,
}
USUAL = Calendar()
NINE_TO_FIVE = Calendar(shifts=((time(9), time(17)),))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Asia/Shanghai"))


# a Wednesday; the limit is two work days
OPENED, DUE = at("2026-11-18 10:00"), at("2026-11-20 10:00")


def case(state: State = State.TAKEN, **columns: object) -> CaseFacts:
    facts = CaseFacts(
        state=state,
        grid=GRID,
        community=COMMUNITY,
        owner_unit=COMMUNITY,
        opened_at=OPENED,
        due_at=DUE,
        warn_at=at("2026-11-19 22:00"),
        owner=WORKER,
        taken_by=WORKER,
        reporter=REPORTER,
        limit_value=2,
        limit_unit="work_days",
    )
    return replace(facts, **columns)  # type: ignore[arg-type]


def do(facts: CaseFacts, verb: Verb, who: str, now: str | datetime, **more: object) -> Change:
    instant = at(now) if isinstance(now, str) else now
    return decide(facts, verb, ACTORS[who], Given(**more), instant)  # type: ignore[arg-type]


def ask(facts: CaseFacts, now: str = "2026-11-18 11:00", amount: int = 1, who: str = "worker"):
    return do(facts, Verb.ASK_TIME, who, now, amount=amount, reason="parts").case


# --- how a limit stands still ---

CARRIED = [
    # due, stands still at, goes on at, unit, due then
    ("2026-11-18 18:00", "2026-11-18 16:00", "2026-11-23 09:00", "work_hours", "2026-11-23 11:00"),
    ("2026-11-18 18:00", "2026-11-18 11:00", "2026-11-19 17:00", "work_hours", "2026-11-20 12:00"),
    ("2026-11-20 10:00", "2026-11-18 15:00", "2026-11-23 15:00", "work_days", "2026-11-25 10:00"),
    ("2026-11-18 12:00", "2026-11-18 10:30", "2026-11-18 22:30", "wall_hours", "2026-11-19 00:00"),
    ("2026-11-21 10:00", "2026-11-18 15:00", "2026-11-28 09", "calendar_days", "2026-12-01 04:00"),
    # across Spring Festival 2026 (15–23 February; Saturday 14 and 28 are worked)
    ("2026-02-13 17:00", "2026-02-13 14:00", "2026-02-14 16:00", "work_hours", "2026-02-24 09:00"),
    # late stays late
    ("2026-11-18 10:00", "2026-11-18 10:30", "2026-11-25 10:30", "work_hours", "2026-11-18 10:00"),
]  # fmt: skip


@pytest.mark.parametrize(("due", "since", "until", "unit", "then"), CARRIED)
def test_what_was_left_is_left_again_in_the_units_own_time(
    due: str, since: str, until: str, unit: Unit, then: str
) -> None:
    assert carried(USUAL, at(due), at(since), at(until), unit).at == at(then)


def test_a_limit_that_goes_on_in_an_unannounced_year_is_provisional() -> None:
    found = carried(USUAL, DUE, OPENED, at("2062-11-20 10:00"), "work_days")
    assert found.provisional
    assert not carried(USUAL, DUE, OPENED, at("2062-11-20 10:00"), "wall_hours").provisional


instants = st.datetimes(datetime(2025, 1, 1), datetime(2028, 1, 1)).map(
    lambda each: each.replace(tzinfo=ZoneInfo("Asia/Shanghai"))
)
units = st.sampled_from(["wall_hours", "work_hours", "work_days", "calendar_days"])


@given(instants, instants, st.integers(1, 400), units)
def test_going_back_by_the_same_way_leaves_as_much_as_before(
    since: datetime, until: datetime, hours: int, unit: Unit
) -> None:
    due = add_work(NINE_TO_FIVE, since, hours, "work_hours").at
    there = carried(NINE_TO_FIVE, due, since, until, unit).at
    assert carried(NINE_TO_FIVE, there, until, since, unit).at == due


# --- extension ---


def test_a_granted_extension_moves_the_deadline_and_keeps_the_first_promise() -> None:
    change = do(ask(case()), Verb.GRANT_TIME, "desk", "2026-11-18 15:00")
    assert (change.case.due_at, change.case.first_due_at) == (at("2026-11-23 10:00"), DUE)
    assert change.timers[Timer.OVERDUE] == at("2026-11-23 10:00")
    assert change.facts["due_from"] == DUE.isoformat()
    assert change.case.moved_reason == "parts"


def test_time_is_granted_twice_and_the_first_promise_stays_the_first() -> None:
    facts = case()
    for _ in range(2):
        facts = do(ask(facts, amount=2), Verb.GRANT_TIME, "desk", "2026-11-18 12:00").case
    assert (facts.due_at, facts.first_due_at) == (at("2026-11-26 10:00"), DUE)
    with pytest.raises(Refused, match="time_granted_twice"):
        ask(facts)


def test_refusals_are_not_counted() -> None:
    facts = case()
    for _ in range(5):
        facts = do(ask(facts), Verb.REFUSE_TIME, "desk", "2026-11-18 12:00").case
    assert (facts.due_at, facts.extensions, facts.first_due_at) == (DUE, 0, None)
    assert ask(facts).extension_asked == 1


@pytest.mark.parametrize(
    ("now", "amount", "code"),
    [
        ("2026-11-20 10:00", 1, "time_asked_late"),  # on the minute of the deadline
        ("2026-11-20 09:59", 1, None),
        ("2026-11-18 11:00", 3, "time_too_long"),  # the limit was two days
        ("2026-11-18 11:00", 2, None),
        ("2026-11-18 11:00", 0, "time_too_long"),
    ],
)
def test_time_is_asked_for_before_the_deadline_and_at_most_the_limit(
    now: str, amount: int, code: str | None
) -> None:
    if code is None:
        assert ask(case(), now, amount).extension_asked == amount
        return
    with pytest.raises(Refused, match=code):
        ask(case(), now, amount)


def test_one_request_at_a_time_with_a_reason_from_the_list() -> None:
    with pytest.raises(Refused, match="time_asked_already"):
        ask(ask(case()))
    with pytest.raises(Refused, match="reason_missing"):
        do(case(), Verb.ASK_TIME, "worker", OPENED, amount=1, reason="tired")


def test_nobody_grants_their_own_units_request() -> None:
    own = case(owner=DESK, taken_by=DESK)
    asked = ask(own, who="desk")
    assert asked.extension_unit == COMMUNITY
    with pytest.raises(Refused, match="not_above"):
        do(asked, Verb.GRANT_TIME, "desk", "2026-11-18 12:00")
    assert do(asked, Verb.GRANT_TIME, "street", "2026-11-18 12:00").case.extensions == 1


def test_a_colleague_of_the_same_desk_is_not_above_it() -> None:
    colleague = ActorFacts(uuid4(), (RoleIn(RoleName.SUPERVISOR, COMMUNITY),))
    asked = ask(case(owner=DESK, taken_by=DESK), who="desk")
    with pytest.raises(Refused, match="not_above"):
        decide(asked, Verb.GRANT_TIME, colleague, Given(), at("2026-11-18 12:00"))


def test_nothing_is_granted_that_nobody_asked_for() -> None:
    for verb in (Verb.GRANT_TIME, Verb.REFUSE_TIME, Verb.EXEMPT, Verb.UPHOLD):
        with pytest.raises(Refused, match="nothing_asked"):
            do(case(), verb, "desk", OPENED)


def test_a_request_ends_with_the_hands_that_made_it() -> None:
    passed = do(ask(case()), Verb.ASSIGN, "desk", "2026-11-18 12:00", next_owner=uuid4()).case
    assert passed.extension_asked is None


def test_time_granted_after_the_deadline_counts_from_the_deadline() -> None:
    late = replace(ask(case()), overdue_at=DUE)
    granted = do(late, Verb.GRANT_TIME, "desk", "2026-11-20 15:00").case
    assert (granted.due_at, granted.overdue_at) == (at("2026-11-23 10:00"), DUE)


# --- suspension ---


def suspended(facts: CaseFacts, until: str = "2026-12-18 11:00", now: str = "2026-11-18 11:00"):
    return do(facts, Verb.SUSPEND, "desk", now, reason="budget", at=at(until))


def test_a_suspended_clock_stands_still_and_goes_on_by_itself() -> None:
    change = suspended(case())
    assert (change.case.state, change.case.waits_for) == (State.WAITING, "suspended")
    assert change.timers[Timer.OVERDUE] is None
    assert change.timers[Timer.TAKE_UP] == at("2026-12-18 11:00")
    assert change.case.due_at == at("2026-12-22 10:00")  # 15 work hours, from a Friday 11:00
    back = do(change.case, Verb.TAKE_UP, "clock", "2026-12-18 11:00")
    assert (back.case.state, back.case.due_at) == (State.TAKEN, at("2026-12-22 10:00"))
    assert back.timers[Timer.OVERDUE] == at("2026-12-22 10:00")


def test_taken_up_earlier_it_has_as_much_left_as_before() -> None:
    early = do(suspended(case()).case, Verb.TAKE_UP, "desk", "2026-11-25 11:00").case
    assert (early.due_at, early.first_due_at) == (at("2026-11-27 10:00"), DUE)
    at_once = do(suspended(case()).case, Verb.TAKE_UP, "desk", "2026-11-18 11:00").case
    assert at_once.due_at == DUE


@pytest.mark.parametrize(
    ("facts", "until", "code"),
    [
        (case(), "2027-11-18 11:00", None),
        (case(), "2027-11-18 11:01", "suspended_too_long"),
        (case(), "2026-11-18 11:00", "time_past"),
        (case(suspensions=1), "2026-12-18 11:00", "suspended_once"),
        (case(urgency="now"), "2026-12-18 11:00", "not_to_suspend"),
        (case(State.WAITING, waits_for="task"), "2026-12-18 11:00", "suspend_units_at_it"),
    ],
)
def test_it_is_suspended_once_and_a_year_at_most(
    facts: CaseFacts, until: str, code: str | None
) -> None:
    if code is None:
        assert suspended(facts, until).case.suspensions == 1
        return
    with pytest.raises(Refused, match=code):
        suspended(facts, until)


@pytest.mark.parametrize("who", ["worker", "reporter"])
def test_only_the_desk_suspends_and_takes_up(who: str) -> None:
    with pytest.raises(Refused, match="not_yours"):
        do(case(), Verb.SUSPEND, who, OPENED, reason="budget", at=DUE)
    with pytest.raises(Refused, match="not_yours"):
        do(suspended(case()).case, Verb.TAKE_UP, who, "2026-11-19 11:00")


@pytest.mark.parametrize(
    ("verb", "who"),
    [
        (Verb.ANSWER, "reporter"),
        (Verb.RESUME, "worker"),
        (Verb.ARRIVE, "worker"),
        (Verb.ASSIGN, "desk"),
        (Verb.ASK_TIME, "worker"),
        (Verb.SUSPEND, "desk"),
    ],
)
def test_nothing_goes_on_by_the_way_while_it_is_suspended(verb: Verb, who: str) -> None:
    with pytest.raises(Refused, match="suspended_now"):
        do(suspended(case()).case, verb, who, "2026-11-19 11:00", amount=1, reason="parts")


def test_the_circles_own_clock_stands_still_with_the_others() -> None:
    risen = case(circle="small", circle_due_at=at("2026-11-24 18:00"), circle_since=OPENED)
    with pytest.raises(Refused, match="desk_above"):
        suspended(risen)
    change = do(
        risen, Verb.SUSPEND, "street", "2026-11-18 11:00", reason="land", at=at("2026-12-18 11:00")
    )
    assert change.timers[Timer.CIRCLE] is None
    back = do(change.case, Verb.TAKE_UP, "street", "2026-11-18 11:00")
    assert back.timers[Timer.CIRCLE] == at("2026-11-24 18:00")
    late = replace(risen, overdue_at=DUE)
    change = do(
        late, Verb.SUSPEND, "street", "2026-11-20 16:00", reason="land", at=at("2026-11-23 16:00")
    )
    assert (change.case.due_at, change.case.circle_due_at) == (DUE, at("2026-11-25 18:00"))


def test_more_time_is_more_time_for_the_circle_too() -> None:
    risen = case(circle="small", circle_due_at=at("2026-11-24 17:00"), circle_since=OPENED)
    granted = do(ask(risen), Verb.GRANT_TIME, "street", "2026-11-18 12:00")
    assert granted.timers[Timer.CIRCLE] == at("2026-11-25 17:00")


def test_a_reminder_asks_nobody_for_an_answer_while_it_is_suspended() -> None:
    reminded = do(suspended(case()).case, Verb.REMIND, "clock", "2026-11-20 11:00")
    assert reminded.timers[Timer.REMIND] is None


def test_what_was_late_stays_late_through_a_suspension() -> None:
    late = case(overdue_at=DUE)
    change = suspended(late, now="2026-11-20 11:00")
    assert (change.case.due_at, change.case.first_due_at) == (DUE, None)
    assert colour(change.case, at("2026-11-30 10:00")) == "red"


def test_suspended_work_whose_hands_are_gone_stays_suspended_and_is_offered_afterwards() -> None:
    other = uuid4()
    lost = do(suspended(case()).case, Verb.PASS_ON, "clock", "2026-11-20 11:00", next_owner=other)
    assert (lost.case.state, lost.case.waits_for, lost.case.owner) == (
        State.WAITING, "suspended", other,
    )  # fmt: skip
    back = do(lost.case, Verb.TAKE_UP, "clock", "2026-12-18 11:00")
    assert back.case.state is State.DISPATCHED
    assert back.timers[Timer.ACCEPT] is not None


def test_what_is_done_meanwhile_needs_no_clock_any_more() -> None:
    done = do(suspended(case(evidence="none")).case, Verb.DONE, "worker", "2026-11-20 11:00")
    assert (done.case.state, done.case.waits_for) == (State.DONE, None)
    assert done.timers[Timer.TAKE_UP] is None


# --- waiting for the reporter ---

WAITED = [
    # asked, answered, the handler's deadline, work time waited in minutes
    ("2026-11-18 11:00", "2026-11-18 15:00", "2026-11-20 12:00", 120),
    ("2026-11-18 17:00", "2026-11-19 09:00", "2026-11-20 12:00", 120),
    ("2026-11-18 19:00", "2026-11-19 07:00", "2026-11-20 10:00", 0),
]


@pytest.mark.parametrize(("asked", "answered", "own", "minutes"), WAITED)
def test_waiting_for_the_reporter_stops_the_handlers_clock_and_not_the_promise(
    asked: str, answered: str, own: str, minutes: int
) -> None:
    waiting = do(case(), Verb.ASK, "worker", asked)
    assert waiting.case.waits_for == "reporter"
    assert Timer.OVERDUE not in waiting.timers
    back = do(waiting.case, Verb.ANSWER, "reporter", answered).case
    assert back.due_at == DUE
    assert handler_due(back) == at(own)
    assert back.waited_seconds == minutes * 60
    assert not counts_late(back, DUE + timedelta(minutes=minutes))


def test_waiting_twice_adds_up() -> None:
    facts = case()
    for day in (18, 19):
        waiting = do(facts, Verb.ASK, "worker", f"2026-11-{day} 14:00").case
        facts = do(waiting, Verb.RESUME, "worker", f"2026-11-{day} 16:00").case
    assert (facts.waited_seconds, handler_due(facts)) == (4 * 3600, at("2026-11-20 16:00"))


def test_an_extension_is_added_to_both_deadlines() -> None:
    waiting = do(case(), Verb.ASK, "worker", "2026-11-18 14:00").case
    back = do(waiting, Verb.ANSWER, "reporter", "2026-11-18 16:00").case
    granted = do(ask(back, "2026-11-18 17:00"), Verb.GRANT_TIME, "desk", "2026-11-18 17:30").case
    assert (granted.due_at, handler_due(granted)) == (
        at("2026-11-23 10:00"), at("2026-11-23 14:00"),  # from the minute of closing
    )  # fmt: skip


# --- stage clocks ---


def filed(now: str, **given_: object) -> Change:
    facts = case(State.COLLECTED, owner=None, taken_by=None)
    return do(facts, Verb.FILE, "reporter", now, **{"next_owner": WORKER} | given_)


STAGES = [
    # offered, the stage's end, passed on: 15 and 30 minutes of duty time
    ("2026-11-18 10:00", "2026-11-18 10:15", "2026-11-18 10:30"),
    ("2026-11-18 11:50", "2026-11-18 14:05", "2026-11-18 14:20"),
    ("2026-11-20 17:45", "2026-11-20 18:00", "2026-11-23 08:15"),  # on the minute of closing
    ("2026-11-20 22:00", "2026-11-23 08:15", "2026-11-23 08:30"),
]


@pytest.mark.parametrize(("offered", "ends", "passed"), STAGES)
def test_accepting_has_a_quarter_of_an_hour_before_the_next_is_asked(
    offered: str, ends: str, passed: str
) -> None:
    change = filed(offered)
    assert change.timers[Timer.ACCEPT] == at(ends)
    late = do(change.case, Verb.STAGE_LATE, "clock", ends)
    assert late.case.stages_late == ("accept",)
    assert (late.timers[Timer.ACCEPT], late.case.due_at) == (at(passed), change.case.due_at)
    with pytest.raises(Refused, match="moved_on"):
        do(late.case, Verb.STAGE_LATE, "clock", passed)


def test_a_desk_has_a_quarter_of_an_hour_to_dispatch() -> None:
    change = filed("2026-11-18 10:00", next_owner=None, next_unit=COMMUNITY)
    assert stage_of(change.case) == "dispatch"
    late = do(change.case, Verb.STAGE_LATE, "clock", "2026-11-18 10:15")
    assert (late.case.stages_late, late.timers[Timer.ACCEPT]) == (
        ("dispatch",), at("2026-11-19 10:00"),
    )  # fmt: skip


def test_checking_has_half_an_hour() -> None:
    asked = do(case(State.DONE, verify="onsite"), Verb.ASK_DESK, "clock", "2026-11-18 10:00")
    assert asked.timers[Timer.DESK] == at("2026-11-18 10:30")
    late = do(asked.case, Verb.STAGE_LATE, "clock", "2026-11-18 10:30")
    assert (late.case.stages_late, late.timers[Timer.DESK]) == (
        ("check",), at("2026-11-25 10:00"),
    )  # fmt: skip


def test_taking_in_time_leaves_no_trace_and_danger_has_its_own_steps() -> None:
    taken = do(filed("2026-11-18 10:00").case, Verb.TAKE, "worker", "2026-11-18 10:14").case
    assert (taken.stages_late, stage_of(taken)) == ((), None)
    urgent = filed("2026-11-18 10:00", kind={"urgency": "now"})
    assert (urgent.timers[Timer.ACCEPT], stage_of(urgent.case)) == (at("2026-11-18 10:05"), None)


# --- appeal ---


def appealed(facts: CaseFacts, who: str = "worker") -> CaseFacts:
    return do(facts, Verb.APPEAL, who, "2026-11-23 10:00", reason="waited_others").case


def test_an_exempted_case_keeps_its_facts_and_is_not_scored() -> None:
    late = case(overdue_at=DUE)
    assert counts_late(late, at("2026-11-23 10:00"))
    exempt = do(appealed(late), Verb.EXEMPT, "street", "2026-11-23 11:00").case
    assert (exempt.overdue_at, exempt.due_at, exempt.appeal) == (DUE, DUE, "exempt")
    assert not counts_late(exempt, at("2026-11-23 11:00"))


def test_an_appeal_that_is_not_granted_leaves_it_scored_and_cannot_be_repeated() -> None:
    upheld = do(appealed(case(hand_backs=1)), Verb.UPHOLD, "desk", "2026-11-23 11:00").case
    assert upheld.appeal == "upheld"
    with pytest.raises(Refused, match="appealed_already"):
        appealed(upheld)


def test_it_refuses_an_appeal_without_a_ground_or_by_the_same_unit() -> None:
    with pytest.raises(Refused, match="nothing_to_appeal"):
        appealed(case())
    own = appealed(case(owner=DESK, overdue_at=DUE), "desk")
    with pytest.raises(Refused, match="not_above"):
        do(own, Verb.EXEMPT, "desk", "2026-11-23 11:00")


def test_a_matter_for_one_named_person_has_nobody_above() -> None:
    named = case(reach="named", overdue_at=DUE)
    for verb, reason in ((Verb.ASK_TIME, "parts"), (Verb.APPEAL, "no_control")):
        with pytest.raises(Refused, match="nobody_above"):
            do(named, verb, "worker", OPENED, amount=1, reason=reason)


# --- walking ---

REASONS = {
    Verb.ASK_TIME: EXTENSION_REASONS[0],
    Verb.SUSPEND: SUSPENSION_REASONS[0],
    Verb.APPEAL: APPEAL_REASONS[0],
    Verb.HAND_BACK: "double",
    Verb.CALL_OTHERS: "expert",
}
# what a release gives back is the promise from before a merge, and nothing is merged here
VERBS = [each for each in Verb if each is not Verb.RELEASE]
STEPS = st.tuples(st.sampled_from(VERBS), st.sampled_from(list(ACTORS)), st.integers(1, 60))


@settings(max_examples=400, deadline=None)
@given(st.lists(STEPS, max_size=40), st.sampled_from(["work_hours", "work_days", "wall_hours"]))
def test_however_time_is_used_a_promise_is_never_restarted(
    steps: list[tuple[Verb, str, int]], unit: str
) -> None:
    facts, now = case(limit_unit=unit), OPENED
    timers: dict[Timer, datetime | None] = {Timer.OVERDUE: DUE}
    for verb, who, hours in steps:
        now += timedelta(hours=hours)
        before = facts
        more = Given(
            reason=REASONS.get(verb), at=now + timedelta(days=30), amount=1, next_owner=WORKER,
            evidence=frozenset({"photo"}), stars=5, slots=(now + timedelta(hours=1),),
        )  # fmt: skip
        try:
            change = decide(facts, verb, ACTORS[who], more, now)
        except Refused:
            continue
        facts = change.case
        timers |= change.timers
        _check(before, facts, verb)
        if facts.state in BEFORE_DONE:
            assert any(instant is not None for instant in timers.values())
            assert (timers.get(Timer.TAKE_UP) is not None) is (facts.waits_for == "suspended")


def _check(before: CaseFacts, after: CaseFacts, verb: Verb) -> None:
    moves = {Verb.GRANT_TIME, Verb.SUSPEND, Verb.TAKE_UP, Verb.DONE}
    if after.due_at != before.due_at:
        assert verb in moves
        assert after.first_due_at is not None
    assert after.due_at >= DUE
    assert handler_due(after) >= after.due_at
    assert after.extensions <= 2
    assert after.suspensions <= 1
    assert after.waited_seconds >= before.waited_seconds
    assert (after.waits_for is None) is (after.state is not State.WAITING)


def test_the_districts_own_days_stop_a_limit_too() -> None:
    calendar = Calendar(days_off=frozenset({date(2026, 11, 19)}))
    asked = replace(ask(case()), limit_unit="work_hours", extension_asked=2)
    granted = decide(
        asked, Verb.GRANT_TIME, ACTORS["desk"], Given(calendar=calendar), at("2026-11-18 12:00")
    ).case
    assert granted.due_at == at("2026-11-20 12:00")
