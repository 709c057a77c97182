"""Random lives of cases, from a seed: what must hold in every one of them, and for how many it did.

`python -m bench.lifecycles --lives 100000 --seed 1` ends with 1 and the life's own seed if any
breaks a rule. People try what they may and what they may not; the clock fires what is due; some
lives end early, some are kicked about, forced, voided, checked, reopened and checked again, some
are merged with another case and come apart again, some have a cause that others share.
"""

import argparse
import random
import sys
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from domain.lifecycle import (
    APPEAL_REASONS,
    ENDED,
    EXTENSION_REASONS,
    FORCE_REASONS,
    HAND_BACK_REASONS,
    OPEN,
    OTHERS_REASONS,
    RISE_REASONS,
    SUSPENSION_REASONS,
    UNTAKEN,
    VOID_REASONS,
    CaseFacts,
    Change,
    Closing,
    Given,
    State,
    Timer,
    Verb,
    above,
    allowed,
    colour,
    decide,
    stage_of,
)
from domain.policy import Policy
from domain.refused import Refused
from domain.roles import CLOCK, ActorFacts, RoleIn, RoleName, desks_above, unit_of
from domain.worktime import Calendar, Deadline

BEGIN = datetime(2026, 11, 18, 2, 0, tzinfo=UTC)
DISTRICT, STREET, COMMUNITY = "110101", "110101001", "110101001001"
GRID, OTHER_GRID = COMMUNITY + "001", COMMUNITY + "002"
MOST_STEPS = 40
# how often somebody tries what the table may refuse, and how often the clock comes first
ANYHOW, TICK = 0.1, 0.3
# how often a desk does what concerns several cases: puts them together, takes them apart
DESK_AT_IT = 0.04
SEVERAL = (
    Verb.MERGE, Verb.ABSORB, Verb.UNMERGE, Verb.RELEASE, Verb.SHARE_CAUSE, Verb.LEAVE_CAUSE,
    Verb.CAUSE_OVER,
)  # fmt: skip
# what moves a case on, tried before what only adds to it
FORWARD = (
    Verb.TAKE, Verb.DONE, Verb.CHECK, Verb.SETTLE, Verb.HAND_BACK, Verb.ARBITRATE, Verb.REFUSE,
    Verb.ON_THE_SPOT, Verb.CHECK_FAILED, Verb.ANSWER, Verb.RESUME, Verb.REVISIT_AGAIN,
)  # fmt: skip
RARE = frozenset({Verb.WITHDRAW, Verb.VOID, Verb.FORCE})


def _key(number: int) -> UUID:
    return UUID(int=number)


def _staff(number: int, *roles: tuple[RoleName, str]) -> ActorFacts:
    return ActorFacts(_key(number), tuple(RoleIn(role, unit) for role, unit in roles))


REPORTER = ActorFacts(_key(1), (), voice=True)
OTHER = ActorFacts(_key(2), (), other_side=True)
STAFF = (
    _staff(11, (RoleName.WORKER, GRID)),
    _staff(12, (RoleName.WORKER, GRID)),
    _staff(13, (RoleName.LEADER, GRID)),
    _staff(14, (RoleName.WORKER, OTHER_GRID)),
    replace(_staff(15, (RoleName.DEPARTMENT, f"{STREET}:property")), tasked=True),
    _staff(16, (RoleName.VERIFIER, COMMUNITY)),
    _staff(17, (RoleName.SUPERVISOR, COMMUNITY)),
    _staff(18, (RoleName.SUPERVISOR, STREET)),
    _staff(19, (RoleName.SUPERVISOR, DISTRICT)),
    # the desk's own and a worker at once: the roles must not add up to more
    _staff(20, (RoleName.WORKER, GRID), (RoleName.SUPERVISOR, COMMUNITY)),
)
PEOPLE = (REPORTER, OTHER, ActorFacts(_key(3)), *STAFF)
DESKS = STAFF[6:9]
BY_KEY: dict[UUID | None, ActorFacts] = {person.person: person for person in PEOPLE}
HANDS = (11, 12, 13, 14, 15, 20)

FIRES = {
    Timer.ACCEPT: Verb.PASS_ON,
    Timer.SOON: Verb.DUE_SOON,
    Timer.OVERDUE: Verb.OVERDUE,
    Timer.CIRCLE: Verb.RISE,
    Timer.REMIND: Verb.REMIND,
    Timer.CHECK: Verb.CHECK_DUE,
    Timer.NUDGE: Verb.NUDGE,
    Timer.SILENCE: Verb.SILENCE,
    Timer.DESK: Verb.ASK_DESK,
    Timer.TAKE_UP: Verb.TAKE_UP,
    Timer.REVISIT: Verb.REVISIT_DUE,
    Timer.ARCHIVE: Verb.ARCHIVE,
}
REASONS = {
    Verb.HAND_BACK: HAND_BACK_REASONS,
    Verb.CALL_OTHERS: OTHERS_REASONS,
    Verb.FORCE: FORCE_REASONS,
    Verb.VOID: VOID_REASONS,
    Verb.RISE: RISE_REASONS,
    Verb.ASK_TIME: EXTENSION_REASONS,
    Verb.SUSPEND: SUSPENSION_REASONS,
    Verb.APPEAL: APPEAL_REASONS,
}


ALL = list(Verb)


class Broken(Exception):
    """A life in which a rule didn't hold. Arguments: which, and the history so far."""


@dataclass(slots=True)
class Life:
    """One case, its due instants, who handled it, and everything that happened."""

    chance: random.Random
    case: CaseFacts
    now: datetime = BEGIN
    timers: dict[Timer, datetime] = field(default_factory=dict)
    history: list[Change] = field(default_factory=list)
    handlers: set[UUID] = field(default_factory=set)
    refused: Counter[str] = field(default_factory=Counter)
    first: CaseFacts | None = None


def live(seed: int, policy: Policy) -> Life:
    """The whole life that a seed makes. Raises Broken."""
    chance = random.Random(seed)
    life = Life(chance, _collected(chance))
    life.first = life.case
    _try(life, Verb.FILE, BY_KEY[life.case.reporter or life.case.filed_by], policy)
    for _ in range(MOST_STEPS):
        if life.case.state is State.ARCHIVED:
            break
        _step(life, policy)
    _check_replay(life)
    return life


def _collected(chance: random.Random) -> CaseFacts:
    """What may come in: by a resident, or filed by a worker who saw it."""
    behalf = chance.random() < 0.3
    worker = _key(chance.choice((11, 12, 20)))
    return CaseFacts(
        state=State.COLLECTED,
        grid=GRID,
        community=COMMUNITY,
        owner_unit=COMMUNITY,
        opened_at=BEGIN,
        due_at=BEGIN + timedelta(days=1),
        circle=chance.choice(("micro", "micro", "small")),
        kind=(kind := chance.choice(("LS02", "PS07", "EN06", "LS04", "PO01", "PO02"))),
        two_sides=kind not in ("LS02", "PS07"),
        urgency=chance.choice(("normal", "normal", "soon", "now")),
        reach=chance.choice(("owner", "owner", "team", "named")),
        evidence=chance.choice(("photo", "note", "none")),
        verify=chance.choice(("reporter", "sample", "onsite")),
        private=chance.random() < 0.3,
        # now and then a worker reports their own matter, and may handle it too
        reporter=None if behalf else chance.choice((_key(1), _key(1), _key(1), worker)),
        filed_by=worker if behalf else None,
    )


def _step(life: Life, policy: Policy) -> None:
    chance = life.chance
    tick = 0.8 if life.case.state is State.CLOSED else TICK
    if life.timers and chance.random() < tick:
        timer, at = min(life.timers.items(), key=lambda each: (each[1], each[0]))
        life.now = max(life.now, at)
        # as services/clock does: a timer that fires is over unless the step sets it again
        del life.timers[timer]
        return _fire(life, timer, policy)
    life.now += timedelta(minutes=chance.randrange(1, 600))
    if chance.random() < DESK_AT_IT:
        return _try(life, chance.choice(SEVERAL), chance.choice(DESKS), policy)
    who = chance.choice(_likely(life.case) if chance.random() < 0.6 else PEOPLE)
    if chance.random() < ANYHOW:
        return _try(life, chance.choice(ALL), who, policy)
    able = sorted(allowed(life.case, who) - (RARE if chance.random() < 0.95 else frozenset()))
    gives = life.case.owner is None and life.case.state in UNTAKEN
    forward = [verb for verb in able if verb in FORWARD or (gives and verb is Verb.ASSIGN)]
    if forward and chance.random() < 0.8:
        able = forward
    return _try(life, chance.choice(able or ALL), who, policy)


def _fire(life: Life, timer: Timer, policy: Policy) -> None:
    """As services/clock: a stage that ran out is said first, and nothing rises above the top."""
    verb = FIRES[timer]
    if timer in (Timer.ACCEPT, Timer.DESK) and stage_of(life.case) is not None:
        _try(life, Verb.STAGE_LATE, CLOCK, policy)
        if timer not in life.timers or life.timers[timer] > life.now:
            return
        del life.timers[timer]
    if verb is Verb.RISE and above(life.case.circle) is None:
        verb = Verb.CIRCLE_LATE
    _try(life, verb, CLOCK, policy)


def _likely(case: CaseFacts) -> Sequence[ActorFacts]:
    """Whose turn it is."""
    if case.state in (State.DONE, State.CLOSED):
        # the reporter's word most of all, or few lives would end as most cases do
        return (*6 * (BY_KEY.get(case.reporter, REPORTER),), OTHER, *DESKS)
    if case.owner in BY_KEY:
        return (BY_KEY[case.owner],)
    return DESKS


def _try(life: Life, verb: Verb, who: ActorFacts, policy: Policy) -> None:
    given = _given(life, verb, who, policy)
    before = life.case
    try:
        change = decide(before, verb, who, given, life.now)
    except Refused as refused:
        life.refused[refused.code] += 1
        _check(life)
        return
    _write(life, change, who)
    _check_word(life, before, change, who)
    _check(life)


def _write(life: Life, change: Change, who: ActorFacts) -> None:
    life.case = change.case
    life.history.append(change)
    for timer, at in change.timers.items():
        life.timers.pop(timer, None)
        if at is not None:
            life.timers[timer] = at
    if change.verb in (Verb.DONE, Verb.TASKS_DONE, Verb.ON_THE_SPOT) and who.person is not None:
        life.handlers = {who.person}
    if change.case.state is State.REOPENED:
        life.handlers = set()


def _given(life: Life, verb: Verb, who: ActorFacts, policy: Policy) -> Given:
    """What the services would bring along, drawn from the same chance."""
    chance, case, now = life.chance, life.case, life.now
    target = BY_KEY[_key(chance.choice(HANDS))]
    to_desk = chance.random() < 0.3
    sets: dict[str, Any] = {"next_owner": None if to_desk else target.person}
    sets["next_unit"] = COMMUNITY
    if verb is Verb.HAND_BACK:
        sets |= _returned(case, who)
    if verb in (Verb.ASSIGN, Verb.ARBITRATE):
        sets["unit"] = unit_of(target.roles, GRID)
    if verb is Verb.PASS_ON and case.returned_to and case.urgency != "now":
        sets |= {"next_owner": None, "next_unit": case.returned_to}
    if verb in (Verb.REFUSE, Verb.CHECK_FAILED, Verb.REVISIT_AGAIN) and chance.random() < 0.8:
        sets["next_unit"] = None
    return Given(
        policy=policy,
        reason=chance.choice(REASONS.get(verb, HAND_BACK_REASONS)),
        evidence=frozenset(chance.sample(("photo", "note"), chance.randrange(3))),
        stars=chance.randrange(1, 6),
        at=now + timedelta(hours=5),
        slots=(now + timedelta(hours=5),),
        deadline=Deadline(case.opened_at + timedelta(days=1), provisional=False),
        revisit_days=(7, 30),
        draw=chance.random(),
        checker=_checker(life, who),
        sides=_sides(case, chance),
        words="they are at court" if chance.random() < 0.8 else "",
        kind={},
        amount=chance.randrange(1, 4),
        lead=f"{STREET}:property",
        other=_twin(case, chance),
        other_key=_key(chance.choice((98, 99))),
        open_tasks=chance.choice((0, 0, 1)),
        calendar=_CALENDAR,
        **sets,
    )


_CALENDAR = Calendar()


def _twin(case: CaseFacts, chance: random.Random) -> CaseFacts:
    """Another case that may be the same matter: now and then one that can't be."""
    earlier = timedelta(hours=chance.randrange(-30, 30))
    return case.changed(
        {
            "state": chance.choice((State.DISPATCHED, State.TAKEN, State.TAKEN, State.CLOSED)),
            "due_at": case.due_at - earlier,
            "kind": "LS02",
            "waits_for": None,
            "merged_into": None,
            "private": case.private if chance.random() < 0.8 else not case.private,
            "urgency": case.urgency if chance.random() < 0.8 else "now",
        }
    )


def _returned(case: CaseFacts, who: ActorFacts) -> dict[str, Any]:
    unit = unit_of(who.roles, GRID)
    above = desks_above([*case.returned_by, *([unit] if unit else [])]) or (DISTRICT,)
    return {"next_owner": None, "next_unit": above[0] if case.hand_backs else COMMUNITY}


def _checker(life: Life, who: ActorFacts) -> UUID | None:
    case = life.case
    hands = {who.person, case.done_by, case.taken_by, case.filed_by, case.reporter, case.owner}
    free = [each.person for each in STAFF if each.person not in hands]
    return life.chance.choice([*free, None])


def _sides(case: CaseFacts, chance: random.Random) -> frozenset[UUID]:
    if not case.two_sides or case.reporter is None or chance.random() < 0.3:
        return frozenset()
    return frozenset({case.reporter, _key(2)})


# --- what must hold ---


def _check(life: Life) -> None:
    """Open: one owner, one colour, one next moment. Ended: nothing that asks or presses."""
    case = life.case
    if case.state in OPEN:
        _hold(life, case.owner is not None or bool(case.owner_unit), "an owner")
        _hold(life, bool(colour(case, life.now)), "a colour")
        _hold(life, bool(life.timers), "a next moment")
        _hold(life, case.closing is None and case.closed_at is None, "an open case open")
        _hold(life, case.merged_into is None, "an open case by itself")
    if case.state in ENDED:
        pressing = set(life.timers) - {Timer.REVISIT, Timer.ARCHIVE}
        _hold(life, not pressing, "an ended case quiet")
    if case.state is State.MERGED:
        _hold(life, case.merged_into is not None, "a merged case that leads to another")
        _hold(life, case.closing is None and case.end_reason is None, "a merged case unended")
    if case.state is State.CLOSED:
        _hold(life, case.closing is not None, "a closed case with its ending")
        _hold(life, (case.closing == Closing.FORCED) == (case.end_reason is not None), "a reason")


def _check_word(life: Life, before: CaseFacts, change: Change, who: ActorFacts) -> None:
    """Nobody's own work is confirmed or verified by them; no word of one side closes a quarrel."""
    words = (Verb.SETTLE, Verb.CHECK, Verb.CHECK_FAILED, Verb.RATE)
    if change.verb in words:
        own = life.handlers | ({before.filed_by} - {None})
        _hold(life, who.person not in own, "another person's word")
    if change.verb is Verb.HAND_BACK and before.reach != "named":
        unit = unit_of(who.roles, GRID)
        _hold(life, unit not in before.returned_by, "one hand-back of a unit")
        _hold(life, before.bound_unit is None, "no hand-back after a word")
        _hold(life, before.hand_backs < 2 or change.case.arbiter is not None, "an arbiter")
    if change.verb in (Verb.ABSORB, Verb.MERGE):
        _hold(life, before.reach != "named", "a named matter apart")
    if change.verb is Verb.ABSORB:
        _hold(life, change.case.due_at <= before.due_at, "the stricter promise")
    if change.verb is Verb.UNMERGE:
        _hold(life, change.case.due_at == before.due_at, "its own promise")
    if change.verb is Verb.ON_THE_SPOT:
        _hold(life, before.reporter is None, "only one's own round closed on the spot")
    if change.verb is Verb.TAKE and before.returned_to and before.urgency != "now":
        desk = any(
            role.role is RoleName.SUPERVISOR and before.returned_to.startswith(role.unit)
            for role in who.roles
        )
        _hold(life, not desk or before.reach == "named", "no handling by the receiving desk")


def _check_replay(life: Life) -> None:
    """History, played again from the first line, ends at the same case."""
    case = life.first
    assert case is not None
    columns = set(CaseFacts.__dataclass_fields__)
    for change in life.history:
        known = {name: value for name, value in change.sets.items() if name in columns}
        case = replace(case, **known)
    _hold(life, case == life.case, "a history that replays")
    reworks = sum(each.case.reworks > 0 for each in life.history[-1:])
    _hold(life, not reworks or life.case.reopenings >= life.case.reworks, "rework among reopenings")


def _hold(life: Life, holds: bool, what: str) -> None:
    if not holds:
        said = " ".join(f"{each.verb}→{each.case.state}" for each in life.history)
        raise Broken(f"not kept: {what}; {said}")


# --- many ---


@dataclass(slots=True)
class Lives:
    """What many lives came to."""

    lives: int = 0
    steps: int = 0
    refusals: int = 0
    ended: Counter[str] = field(default_factory=Counter)
    broken: list[str] = field(default_factory=list)


def run(seeds: Iterable[int]) -> Lives:
    """Live each seed; a broken one is kept with its seed."""
    found, policy = Lives(), Policy(check_share=0.3)
    for seed in seeds:
        found.lives += 1
        try:
            life = live(seed, policy)
        except Broken as broken:
            found.broken.append(f"seed {seed}: {broken}")
            continue
        found.steps += len(life.history)
        found.refusals += sum(life.refused.values())
        case = life.case
        found.ended[f"{case.state}:{case.closing}" if case.closing else str(case.state)] += 1
    return found


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lives", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    begun = time.perf_counter()
    found = run(range(asked.seed, asked.seed + asked.lives))
    took = time.perf_counter() - begun
    print(f"{found.lives} lives, {found.steps} steps, {found.refusals} refusals in {took:.0f} s")
    print(", ".join(f"{name} {count}" for name, count in sorted(found.ended.items())))
    print(f"{len(found.broken)} broken", *found.broken[:10], sep="\n")
    return 1 if found.broken else 0


if __name__ == "__main__":
    sys.exit(main())
