"""What a district learns from, and what it never learns from."""

import random
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlmodel import Session, select

from domain.catalogue import OTHER
from domain.reading.model import Trained, dump, load
from domain.refused import Refused
from models import Case, CaseEvent, Learnt
from services import learning, learnt, reporting, retention
from services.corrections import FEW, corrections
from services.training import Figures
from tests.services import histories as h

DAY = timedelta(days=1)
# the town's own words: no lexicon has them
OURS = {"LS03": "呱呱", "UM05": "哞哞", "EN01": "咴咴"}
AROUND = ("又那样了", "还是老样子", "麻烦看看", "三号楼这边", "昨晚开始", "哎呀")


def case(session: Session, text: str, kind: str, **more: Any) -> Case:
    """A public case that people have seen the kind of, if `more` doesn't say otherwise."""
    given = {
        "state": "closed",
        "closing": "settled",
        "closed_at": h.NOW,
        "opened_at": h.NOW - DAY,
        "reporter": uuid4(),
        "number": f"KL8-2611-{uuid4().hex[:8]}",
    }
    row = Case(
        district=h.DISTRICT,
        grid=h.GRIDS[0],
        community=h.COMMUNITY,
        owner_unit=h.GRIDS[0],
        due_at=h.NOW,
        text=text,
        kind=kind,
        **{**given, **more},
    )
    session.add(row)
    session.flush()
    return row


def event(session: Session, row: Case, verb: str, **facts: Any) -> None:
    event = CaseEvent(
        district=row.district, case=row.id, seq=1, at=h.NOW, verb=verb, after="taken", facts=facts
    )
    session.add(event)
    session.flush()


def corrected(session: Session, text: str, said: str, kind: str, **more: Any) -> Case:
    row = case(session, text, kind, **{"state": "taken", "closed_at": None, **more})
    event(session, row, "correct_kind", **{"from": said, "kind": kind, "condition": None})
    return row


def words(session: Session) -> list[str]:
    return [text.words for text in learning.labelled(session, h.DISTRICT, h.NOW)]


def town(session: Session, count: int, people: int = 40) -> None:
    """So many reports in the town's own words, each put right by somebody."""
    chance, writers = random.Random(5), [UUID(int=n + 1) for n in range(people)]
    for number in range(count):
        kind = chance.choice(sorted(OURS))
        text = chance.choice(AROUND) + OURS[kind] + chance.choice(AROUND)
        at = h.NOW - timedelta(minutes=count - number)
        writer = writers[number % people]
        corrected(session, text, OTHER, kind, opened_at=at, reporter=writer)


def learn(session: Session) -> learning.Lesson:
    texts = learning.labelled(session, h.DISTRICT, h.NOW)
    return learning.learn(texts, learning.beside_of(session, h.DISTRICT))


# a model that knows one word
ONE_WORD = dump(
    Trained(
        labels=("LS03", "UM05"),
        grams=("呱呱",),
        weights=((9.0, -9.0, 1.0),),
        biases=(0.0, 0.0),
        temperature=1.0,
        numbers=False,
        share=0.8,
    )
)


def keep(session: Session, artefact: bytes = ONE_WORD, *, use: bool = True) -> int:
    return learnt.keep(session, h.DISTRICT, artefact, 400, {}, h.NOW, use=use)


# --- which texts ---


def test_it_learns_what_people_put_right_or_saw_settled(session: Session) -> None:
    corrected(session, "改过的", "LS99", "LS03")
    case(session, "看过的", "LS03")
    case(session, "没人看过的", "LS03", state="taken", closing=None, closed_at=None)
    case(session, "没人答的", "LS03", closing="unconfirmed")
    case(session, "还不知道的", OTHER)
    assert sorted(words(session)) == ["改过的", "看过的"]


def test_what_was_read_anew_after_the_correction_is_a_guess_again(session: Session) -> None:
    row = corrected(session, "改过又编辑的", "LS99", "LS03")
    row.kind = "UM05"
    session.add(row)
    assert words(session) == []


@pytest.mark.parametrize(
    "more",
    [
        {"private": True},
        {"reach": "named"},
        {"state": "withdrawn"},
        {"state": "not_admitted"},
        {"archived_at": h.NOW},
        {"closed_at": h.NOW - 400 * DAY},
        {"text": ""},
    ],
)
def test_it_never_learns_from_private_or_past_cases(session: Session, more: dict[str, Any]) -> None:
    given = {"text": "秘密", **more}
    corrected(session, given.pop("text"), "LS99", "LS03", **given)
    assert words(session) == []


def test_it_never_learns_from_a_private_kind_or_what_was_ever_private(session: Session) -> None:
    corrected(session, "家里的事", "LS99", "PO03")
    row = corrected(session, "放回群里的", "LS99", "LS03")
    event_of = CaseEvent(
        district=row.district, case=row.id, seq=2, at=h.NOW, verb="set_privacy", after="taken"
    )
    session.add(event_of)
    session.flush()
    assert words(session) == []


def test_what_retention_has_erased_is_not_learnt(session: Session) -> None:
    row = corrected(session, "很久以前", "LS99", "LS03")
    retention.erase_case(session, row, h.NOW)
    assert words(session) == []


def test_no_number_name_or_door_is_learnt(session: Session) -> None:
    corrected(session, "王师傅13912345678说3号楼502电梯坏了", "LS99", "LS03")
    (text,) = words(session)
    assert "电梯坏了" in text
    for personal in ("王师傅", "139", "502"):
        assert personal not in text


def test_a_word_of_fewer_than_three_people_is_not_in_the_model(session: Session) -> None:
    town(session, 400)
    for who in (1, 1, 1, 2):
        corrected(session, "我叫欧阳锋利呱呱", OTHER, "LS03", reporter=UUID(int=who))
    model = load(learn(session).artefact)
    assert "呱呱" in model.lanes
    assert not {"欧阳", "锋", "锋利"} & model.lanes.keys()
    assert not any(char.isdigit() for gram in model.lanes for char in gram)


# --- learning, and taking it into use ---


def test_it_learns_the_town_s_own_words_and_shows_the_gain(session: Session) -> None:
    town(session, 400)
    lesson = learn(session)
    assert lesson.better
    assert (lesson.texts, lesson.corrected, lesson.held) == (400, 400, 80)
    assert lesson.before.accuracy < 0.2
    assert lesson.after.accuracy > 0.9
    keep(session, lesson.artefact)
    assert reporting.read_report(session, h.DISTRICT, "哎呀呱呱又那样了").kinds[0][0] == "LS03"


def test_below_350_texts_the_rules_carry_it(session: Session) -> None:
    town(session, 349)
    with pytest.raises(Refused) as refused:
        learn(session)
    assert (refused.value.code, refused.value.facts) == ("too_few_texts", {"n": 349, "least": 350})


def test_a_new_version_is_judged_only_by_what_came_after_the_one_in_use(session: Session) -> None:
    town(session, 400)
    keep(session)
    with pytest.raises(Refused) as refused:
        learn(session)
    assert refused.value.code == "too_little_new"


@pytest.mark.parametrize(
    ("accuracy", "loss", "better"),
    [
        (0.1, -0.1, True),
        (0.0, -0.1, True),
        (0.0, 0.0, False),
        (0.1, 0.1, False),
        (-0.1, -0.1, False),
    ],
)
def test_better_is_as_often_right_and_surer_of_it(
    accuracy: float, loss: float, better: bool
) -> None:
    before = Figures(accuracy=0.7, macro_f1=0.7, top2=0.8, ece=0.1, loss=1.0)
    after = replace(before, accuracy=0.7 + accuracy, loss=1.0 + loss)
    assert learning.Lesson(b"", 400, 400, 80, 0.5, before, after).better is better


def test_a_version_that_is_no_better_is_kept_and_the_rules_go_on(session: Session) -> None:
    assert keep(session, use=False) == 1
    assert learnt.model(session, h.DISTRICT) is None


def test_rolling_back_goes_to_the_version_that_was_in_use_before_and_then_to_the_rules(
    session: Session,
) -> None:
    for use in (True, False, True):
        keep(session, use=use)
    assert learnt.in_use(session, h.DISTRICT).version == 3  # type: ignore[union-attr]
    assert learnt.roll_back(session, h.DISTRICT, h.NOW) == 1
    assert learnt.in_use(session, h.DISTRICT).version == 1  # type: ignore[union-attr]
    assert learnt.roll_back(session, h.DISTRICT, h.NOW) is None
    assert learnt.model(session, h.DISTRICT) is None
    with pytest.raises(Refused) as refused:
        learnt.roll_back(session, h.DISTRICT, h.NOW)
    assert refused.value.code == "nothing_learnt"


def test_five_versions_are_kept_and_the_one_in_use_is_never_dropped(session: Session) -> None:
    keep(session)
    for _ in range(8):
        keep(session, use=False)
    kept = session.exec(select(Learnt.version).order_by(Learnt.version)).all()  # type: ignore[arg-type]
    assert kept == [1, 6, 7, 8, 9]


def test_a_damaged_version_leaves_the_reading_to_the_rules(session: Session) -> None:
    row = Learnt(district=h.DISTRICT, version=1, made_at=h.NOW, active=True, texts=1, artefact=b"x")
    session.add(row)
    session.flush()
    assert reporting.read_report(session, h.DISTRICT, "电梯坏了").kinds[0][0] == "LS03"
    with pytest.raises(Refused) as refused:
        learnt.keep(session, h.DISTRICT, b"x", 1, {}, h.NOW, use=True)
    assert refused.value.code == "model_unusable"


# --- what was corrected most ---


def test_the_report_names_confused_kinds_and_the_words_of_several_people(session: Session) -> None:
    for number in range(5):
        corrected(session, f"呱呱又响{AROUND[number]}", "EN01", "LS03")
    corrected(session, "张三家的那台", "EN01", "LS03")
    (pair,), other = corrections(session, h.DISTRICT, h.NOW)
    assert (pair.said, pair.put_right, pair.times, other) == ("EN01", "LS03", 6, 0)
    assert "呱呱又响" in pair.words
    assert not any("张三" in word for word in pair.words)


def test_of_what_is_seldom_or_private_only_the_number_is_told(session: Session) -> None:
    for _ in range(FEW - 1):
        corrected(session, "呱呱又响了", "EN01", "LS03")
    for _ in range(9):
        corrected(session, "家里的事", "LS99", "PO03", private=True)
    assert corrections(session, h.DISTRICT, h.NOW) == ([], FEW - 1 + 9)


def test_only_another_condition_is_no_confusion(session: Session) -> None:
    for _ in range(4):
        corrected(session, "呱呱又响了", "LS03", "LS03")
    assert corrections(session, h.DISTRICT, h.NOW) == ([], 0)
