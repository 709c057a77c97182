"""The table of a case's life: what it allows, what it refuses, and that it always keeps an owner,
a colour and a next moment."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.lifecycle import (
    ENDED,
    HAND_BACK_REASONS,
    OPEN,
    OTHERS_REASONS,
    RISE_REASONS,
    RULES,
    CaseFacts,
    Change,
    Closing,
    Given,
    State,
    Timer,
    Verb,
    allowed,
    colour,
    decide,
    never_by_silence,
    page,
)
from domain.refused import Refused
from domain.roles import CLOCK, ActorFacts, RoleIn, RoleName, standings
from domain.worktime import Deadline

GRID, COMMUNITY, STREET = "110101001001001", "110101001001", "110101001"
NOW = datetime(2026, 11, 18, 2, 0, tzinfo=UTC)
REPORTER, WORKER, BACKUP, DESK, ABOVE, UNIT, STRANGER, FAR, VOICE = (uuid4() for _ in range(9))
CAUSE = uuid4()
ACTORS = {
    "reporter": ActorFacts(REPORTER, (), voice=True),
    "worker": ActorFacts(WORKER, (RoleIn(RoleName.WORKER, GRID),)),
    "backup": ActorFacts(BACKUP, (RoleIn(RoleName.WORKER, GRID),)),
    "desk": ActorFacts(DESK, (RoleIn(RoleName.SUPERVISOR, COMMUNITY),)),
    "street": ActorFacts(ABOVE, (RoleIn(RoleName.SUPERVISOR, STREET),)),
    "unit": ActorFacts(UNIT, (RoleIn(RoleName.DEPARTMENT, f"{STREET}:fire"),), tasked=True),
    "voice": ActorFacts(VOICE, (), voice=True),
    "stranger": ActorFacts(STRANGER),
    "worker of another grid": ActorFacts(FAR, (RoleIn(RoleName.WORKER, "110101001001002"),)),
    "clock": CLOCK,
}


def case(state: State = State.DISPATCHED, **columns: object) -> CaseFacts:
    """A case that the worker owns and the reporter reported."""
    facts = CaseFacts(
        state=state,
        grid=GRID,
        community=COMMUNITY,
        owner_unit=COMMUNITY,
        opened_at=NOW,
        due_at=NOW + timedelta(days=1),
        owner=WORKER,
        reporter=REPORTER,
    )
    return replace(facts, **columns)  # type: ignore[arg-type]


def given_all(now: datetime = NOW) -> Given:
    """Everything that any guard asks for."""
    return Given(
        next_owner=BACKUP,
        reason=HAND_BACK_REASONS[0],
        evidence=frozenset({"photo"}),
        stars=4,
        at=now + timedelta(hours=5),
        slots=(now + timedelta(hours=5),),
        deadline=Deadline(now + timedelta(days=1), provisional=False),
        revisit_days=(7, 30),
        words="每天看两次",
        lead=f"{STREET}:fire",
        above="110101001",
        listener="owner",
        other=case(State.TAKEN),
        other_key=CAUSE,
    )


def do(facts: CaseFacts, verb: Verb, who: str, **more: object) -> Change:
    return decide(facts, verb, ACTORS[who], replace(given_all(), **more), NOW)  # type: ignore[arg-type]


@pytest.mark.parametrize("who", list(ACTORS))
@pytest.mark.parametrize("verb", list(Verb))
@pytest.mark.parametrize("state", list(State))
def test_it_refuses_every_step_that_is_not_in_the_table(state: State, verb: Verb, who: str) -> None:
    facts = case(state)
    rules = [rule for rule in RULES if rule.verb is verb and state in rule.frm]
    held = standings(ACTORS[who], facts.place())
    if any(rule.by & held for rule in rules):
        assert verb in allowed(facts, ACTORS[who])
        return
    with pytest.raises(Refused) as refused:
        do(facts, verb, who)
    assert refused.value.code == ("not_yours" if rules else "wrong_state")


def test_nobody_confirms_what_they_handled() -> None:
    own = case(State.DONE, done_by=REPORTER)
    with pytest.raises(Refused, match="own_work"):
        do(own, Verb.SETTLE, "reporter")


def test_the_desk_cannot_check_what_it_filed_for_somebody() -> None:
    with pytest.raises(Refused, match="own_work"):
        do(case(State.DONE, filed_by=DESK, reporter=None), Verb.CHECK, "desk")


@pytest.mark.parametrize(
    ("wanted", "there", "refused"),
    [
        ("photo", set(), "photo_missing"),
        ("photo", {"voice"}, "photo_missing"),
        ("photo", {"photo"}, None),
        ("note", set(), "note_missing"),
        ("note", {"voice"}, None),
        ("note", {"note"}, None),
        ("note", {"photo"}, None),
        ("none", set(), None),
    ],
)
def test_done_needs_the_evidence_of_its_kind(
    wanted: str, there: set[str], refused: str | None
) -> None:
    facts = case(State.TAKEN, evidence=wanted)
    if refused is None:
        assert do(facts, Verb.DONE, "worker", evidence=frozenset(there)).case.state is State.DONE
        return
    with pytest.raises(Refused, match=refused):
        do(facts, Verb.DONE, "worker", evidence=frozenset(there))


@pytest.mark.parametrize(
    "columns",
    [{"urgency": "now"}, {"verify": "onsite"}, {"private": True}, {"reach": "named"}],
)
def test_it_never_closes_by_silence_what_needs_a_word(columns: dict[str, object]) -> None:
    facts = case(State.DONE, **columns)
    with pytest.raises(Refused, match="not_by_silence"):
        do(facts, Verb.SILENCE, "clock")
    nudged = do(facts, Verb.NUDGE, "clock")
    assert Timer.SILENCE not in nudged.timers
    assert nudged.timers[Timer.DESK] is not None


def test_silence_closes_as_unconfirmed_and_never_as_settled() -> None:
    assert do(case(State.DONE), Verb.SILENCE, "clock").case.closing == Closing.UNCONFIRMED


def test_not_settled_keeps_number_hands_and_promise() -> None:
    done = case(State.DONE, done_by=WORKER, done_at=NOW, warn_at=NOW + timedelta(hours=3))
    again = do(done, Verb.REFUSE, "reporter").case
    assert (again.state, again.owner, again.due_at) == (State.REOPENED, WORKER, done.due_at)
    assert again.reopenings == 1


def test_a_closed_case_does_not_reopen_after_a_month() -> None:
    old = case(State.CLOSED, closing="settled", closed_at=NOW - timedelta(days=31))
    with pytest.raises(Refused, match="too_late_to_reopen"):
        do(old, Verb.REFUSE, "reporter")


def test_a_named_matter_is_closed_by_the_named_person_and_asks_nobody() -> None:
    named = case(State.TAKEN, reach="named", private=True, passed=(str(WORKER),))
    closed = do(named, Verb.DONE, "worker")
    assert (closed.case.state, closed.case.closing) == (State.CLOSED, Closing.ENTRUSTED)
    assert closed.timers[Timer.NUDGE] is None


@pytest.mark.parametrize("who", ["backup", "desk", "worker of another grid"])
def test_nobody_but_the_named_person_may_take_a_named_matter(who: str) -> None:
    with pytest.raises(Refused, match="not_yours"):
        do(case(reach="named", passed=(str(WORKER),)), Verb.TAKE, who)


@pytest.mark.parametrize("reason", [None, "because", OTHERS_REASONS[0]])
def test_handing_back_needs_a_reason_from_the_list(reason: str | None) -> None:
    with pytest.raises(Refused, match="reason_missing"):
        do(case(State.TAKEN), Verb.HAND_BACK, "worker", reason=reason)


def test_what_others_joined_is_not_one_persons_to_withdraw() -> None:
    with pytest.raises(Refused, match="others_joined"):
        do(case(voices=2), Verb.WITHDRAW, "reporter")


def test_stars_come_once_from_one_to_five_and_only_when_settled() -> None:
    settled = case(State.CLOSED, closing="settled", closed_at=NOW)
    rated = do(settled, Verb.RATE, "reporter", stars=5).case
    assert rated.stars == 5
    for facts, stars in ((rated, 3), (settled, 0), (settled, 6), (settled, None)):
        with pytest.raises(Refused):
            do(facts, Verb.RATE, "reporter", stars=stars)
    with pytest.raises(Refused):
        do(replace(settled, closing="unconfirmed"), Verb.RATE, "reporter")


def test_waiting_ends_where_it_began() -> None:
    waiting = case(State.WAITING, waiting_since=NOW)
    assert do(waiting, Verb.ANSWER, "reporter").case.state is State.TAKEN
    there = replace(waiting, arrived_at=NOW)
    assert do(there, Verb.ANSWER, "reporter").case.state is State.IN_HAND


def test_a_button_grows_old_only_when_the_state_moves_on() -> None:
    assert do(case(), Verb.TAKE, "worker").case.version == 2
    assert do(case(), Verb.JOIN, "stranger").case.version == 1
    assert do(case(), Verb.DUE_SOON, "clock").case.version == 1


def test_the_colours_follow_the_promise() -> None:
    facts = case(State.TAKEN, warn_at=NOW + timedelta(hours=18))
    hours = {"green": 1, "yellow": 18, "red": 24}
    for wanted, after in hours.items():
        assert colour(facts, NOW + timedelta(hours=after)) == wanted
    assert colour(case(urgency="now"), NOW) == "red"
    assert colour(case(State.TAKEN, urgency="now"), NOW) == "green"


def test_a_case_is_urged_once_an_hour_and_the_promise_stays() -> None:
    urged = do(case(State.TAKEN), Verb.URGE, "desk")
    assert (urged.case.urged, urged.case.urged_at, urged.case.version) == (1, NOW, 1)
    assert "due_at" not in urged.sets
    assert not urged.timers
    lately = replace(urged.case, urged_at=NOW - timedelta(minutes=17, seconds=30))
    with pytest.raises(Refused, match="urged_lately") as refused:
        do(lately, Verb.URGE, "desk")
    assert refused.value.facts == {"n": 43}
    again = do(replace(lately, urged_at=NOW - timedelta(hours=1)), Verb.URGE, "desk")
    assert again.case.urged == 2


def test_nobody_urges_themselves() -> None:
    for own in (case(State.TAKEN, owner=DESK), case(owner=None)):
        with pytest.raises(Refused, match="urge_yourself"):
            do(own, Verb.URGE, "desk")
    above = ActorFacts(FAR, (RoleIn(RoleName.SUPERVISOR, "110101001"),))
    assert decide(case(owner=None), Verb.URGE, above, given_all(), NOW).case.urged == 1


def test_a_case_is_reported_upwards_once_for_each_level() -> None:
    with pytest.raises(Refused, match="no_desk_above"):
        do(case(), Verb.SUPERVISE, "desk", above=None)
    reported = do(case(), Verb.SUPERVISE, "desk", above="110101001").case
    assert reported.supervised_unit == "110101001"
    with pytest.raises(Refused, match="supervised_already"):
        do(reported, Verb.SUPERVISE, "desk", above="110101001")
    assert do(reported, Verb.SUPERVISE, "desk", above="110101").case.supervised_unit == "110101"


@pytest.mark.parametrize(
    ("columns", "listener", "code"),
    [
        ({"reporter": None}, "reporter", "nobody_to_ask"),
        ({"owner": None}, "owner", "nobody_has_it"),
        ({}, "everybody", "button_unknown"),
        ({}, None, "button_unknown"),
    ],
)
def test_a_desk_tells_nothing_to_nobody(
    columns: dict[str, object], listener: str | None, code: str
) -> None:
    with pytest.raises(Refused, match=code):
        do(case(**columns), Verb.TELL, "desk", listener=listener)


@pytest.mark.parametrize("verb", [Verb.URGE, Verb.SUPERVISE, Verb.TELL])
def test_a_named_matter_has_no_desk_to_urge_report_or_tell(verb: Verb) -> None:
    with pytest.raises(Refused, match="not_yours"):
        do(case(reach="named", passed=(str(WORKER),)), verb, "desk")


@settings(max_examples=300, deadline=None)
@given(
    steps=st.lists(
        st.tuples(st.sampled_from(list(Verb)), st.sampled_from(list(ACTORS)), st.integers(1, 300)),
        max_size=40,
    ),
    columns=st.fixed_dictionaries(
        {
            "urgency": st.sampled_from(["now", "soon", "normal"]),
            "reach": st.sampled_from(["owner", "team", "named"]),
            "evidence": st.sampled_from(["photo", "note", "none"]),
            "verify": st.sampled_from(["reporter", "onsite", "sample"]),
            "private": st.booleans(),
            "reporter": st.sampled_from([REPORTER, None]),
            "circle": st.sampled_from(["micro", "small", "big"]),
        }
    ),
)
def test_every_life_keeps_one_owner_one_colour_and_a_next_moment(
    steps: list[tuple[Verb, str, int]], columns: dict[str, object]
) -> None:
    now, timers = NOW, {}
    facts = case(State.COLLECTED, **columns)
    steps = [(Verb.FILE, "reporter", 1), *steps]
    for verb, who, hours in steps:
        now += timedelta(hours=hours)
        try:
            reason = {Verb.RISE: RISE_REASONS[0], Verb.CALL_OTHERS: OTHERS_REASONS[0]}
            more: dict[str, object] = {"reason": reason.get(verb, HAND_BACK_REASONS[0])}
            more |= {"next_unit": STREET} if verb is Verb.RISE else {}
            change = decide(facts, verb, ACTORS[who], replace(given_all(now), **more), now)
        except Refused:
            continue
        facts = change.case
        timers |= change.timers
        _check(facts, timers, now)


def _check(facts: CaseFacts, timers: dict[Timer, datetime | None], now: datetime) -> None:
    assert facts.owner is not None or facts.owner_unit
    assert colour(facts, now)
    if facts.state in OPEN:
        assert any(at is not None for at in timers.values()), facts.state
        assert facts.circle in ("micro", "small", "big")
        assert facts.merged_into is None
    if facts.state is State.MERGED:
        assert facts.merged_into is not None
        assert facts.closing is None
    if facts.state is State.CLOSED:
        assert facts.closing is not None
        if facts.closing == Closing.SETTLED:
            assert facts.reporter is not None
        if facts.closing == Closing.UNCONFIRMED:
            assert not never_by_silence(facts)
    if facts.state in ENDED:
        for timer in (Timer.ACCEPT, Timer.SOON, Timer.OVERDUE, Timer.NUDGE, Timer.SILENCE):
            assert timers.get(timer) is None


# --- the same matter, many voices ---


@pytest.mark.parametrize(
    ("one", "other", "code"),
    [
        ({}, {"private": True}, "merge_private"),
        ({"private": True}, {}, "merge_private"),
        ({}, {"reach": "named"}, "merge_named"),
        ({"two_sides": True}, {}, "merge_quarrel"),
        ({}, {"two_sides": True}, "merge_quarrel"),
        ({}, {"community": "110101001002"}, "merge_far"),
        ({}, {"waits_for": "suspended"}, "merge_suspended"),
        ({}, {"state": State.DONE}, "merge_over"),
        ({}, {"state": State.MERGED}, "merge_over"),
        ({"urgency": "now"}, {}, "merge_urgency"),
    ],
)
def test_what_is_not_the_same_matter_is_never_merged(
    one: dict[str, object], other: dict[str, object], code: str
) -> None:
    with pytest.raises(Refused, match=code):
        do(case(**one), Verb.MERGE, "desk", other=replace(case(State.TAKEN), **other))  # type: ignore[arg-type]


def test_a_case_with_a_unit_at_work_is_not_merged() -> None:
    with pytest.raises(Refused, match="merge_tasks_open"):
        do(case(State.WAITING, waits_for="task"), Verb.MERGE, "desk", open_tasks=1)


def test_a_merged_case_ends_neither_closed_nor_voided_and_leads_to_the_other() -> None:
    merged = do(case(State.TAKEN), Verb.MERGE, "desk")
    assert (merged.case.state, merged.case.closing) == (State.MERGED, None)
    assert merged.case.merged_into == CAUSE
    assert {timer for timer, at in merged.timers.items() if at} == {Timer.ARCHIVE}


@pytest.mark.parametrize(("hours", "kept"), [(5, 5), (24, 24), (40, 24)])
def test_the_case_that_stays_keeps_the_stricter_promise(hours: int, kept: int) -> None:
    other = case(due_at=NOW + timedelta(hours=hours), warn_at=NOW + timedelta(hours=hours - 1))
    stays = do(case(), Verb.ABSORB, "desk", other=other, amount=2)
    assert stays.case.due_at == NOW + timedelta(hours=kept)
    assert (stays.case.voices, stays.case.absorbed) == (3, 1)
    moved = Timer.OVERDUE in stays.timers
    assert moved == (hours < 24)


def test_the_handler_of_the_case_that_stays_gains_no_time_by_it() -> None:
    waited = case(handle_by=NOW + timedelta(hours=60))
    stays = do(waited, Verb.ABSORB, "desk", other=case(handle_by=NOW + timedelta(hours=30))).case
    assert stays.handle_by == NOW + timedelta(hours=30)
    assert do(waited, Verb.ABSORB, "desk", other=case()).case.handle_by is None


def test_a_merged_case_comes_back_to_its_line_with_its_own_promise() -> None:
    merged = do(case(State.IN_HAND, arrived_at=NOW), Verb.MERGE, "desk").case
    back = do(merged, Verb.UNMERGE, "desk")
    assert (back.case.state, back.case.owner, back.case.due_at) == (
        State.DISPATCHED, BACKUP, merged.due_at,
    )  # fmt: skip
    assert (back.case.merged_into, back.case.closed_at) == (None, None)
    assert back.timers[Timer.OVERDUE] == merged.due_at
    larger = do(replace(merged, circle="small"), Verb.UNMERGE, "street").case
    assert (larger.state, larger.owner) == (State.FILED, None)


@pytest.mark.parametrize("state", [State.DONE, State.CLOSED, State.VOIDED, State.MERGED])
def test_nothing_comes_back_from_a_case_that_is_over(state: State) -> None:
    merged = case(State.MERGED, merged_into=CAUSE)
    with pytest.raises(Refused, match="unmerge_over"):
        do(merged, Verb.UNMERGE, "desk", other=case(state))


def test_a_promise_that_was_made_stricter_goes_back_only_where_nothing_has_moved_it() -> None:
    strict = case(voices=3, absorbed=1, overdue_at=NOW)
    freed = do(strict, Verb.RELEASE, "desk", amount=2, at=NOW + timedelta(days=3)).case
    assert (freed.due_at, freed.voices, freed.absorbed) == (NOW + timedelta(days=3), 1, 0)
    assert freed.overdue_at is None
    assert do(strict, Verb.RELEASE, "desk", amount=2, at=None).case.due_at == strict.due_at


def test_everybody_whose_matter_it_is_may_say_that_it_is_not_settled() -> None:
    closed = case(State.CLOSED, closing="settled", closed_at=NOW)
    assert do(closed, Verb.REFUSE, "voice").case.state is State.REOPENED
    with pytest.raises(Refused, match="not_yours"):
        do(case(State.DONE), Verb.SETTLE, "voice")


# --- one cause ---


def test_a_case_under_a_cause_stays_a_case_of_its_own() -> None:
    under = do(case(State.TAKEN), Verb.SHARE_CAUSE, "desk")
    assert under.case == case(State.TAKEN, cause=CAUSE)
    with pytest.raises(Refused, match="cause_already"):
        do(under.case, Verb.SHARE_CAUSE, "desk")
    assert do(under.case, Verb.LEAVE_CAUSE, "desk").case.cause is None


def test_the_end_of_a_cause_asks_each_reporter_and_needs_the_kinds_evidence() -> None:
    under = case(State.DISPATCHED, cause=CAUSE, evidence="photo")
    with pytest.raises(Refused, match="photo_missing"):
        do(under, Verb.CAUSE_OVER, "desk", evidence=frozenset({"note"}))
    done = do(under, Verb.CAUSE_OVER, "desk")
    assert (done.case.state, done.case.done_by) == (State.DONE, DESK)
    assert done.timers[Timer.NUDGE] is not None
    waiting = replace(under, owner=None, stage_since=NOW)  # for somebody to take it
    assert do(waiting, Verb.CAUSE_OVER, "desk").case.stage_since is None
    looked_at = do(replace(under, verify="onsite"), Verb.CAUSE_OVER, "desk").case
    assert looked_at.state is State.CHECKING
    with pytest.raises(Refused, match="no_cause"):
        do(replace(under, cause=None), Verb.CAUSE_OVER, "desk")
    with pytest.raises(Refused, match="tasks_open"):
        do(under, Verb.CAUSE_OVER, "desk", open_tasks=1)


def test_the_page_lists_the_table() -> None:
    path = Path(__file__).parents[2] / "docs" / "lifecycle.md"
    assert path.read_text(encoding="utf-8") == page(), "run: python -m domain.lifecycle"


def test_a_key_in_passed_is_a_person() -> None:
    offered = do(case(), Verb.PASS_ON, "clock").case.passed
    assert [UUID(each) for each in offered] == [BACKUP]
