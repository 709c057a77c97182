"""What a town has learnt reads the next report at once, and is taken out again as quickly."""

from sqlmodel import Session

from domain.reading.model import Trained, dump
from services import learnt
from tests.acceptance.play import AUNT, Play

OURS = dump(
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


async def test_a_town_s_own_word_is_understood_once_learnt_and_not_after_rolling_back(
    play: Play,
) -> None:
    first = await play.case(await play.report(AUNT, "那个呱呱又那样了"))
    assert first.kind != "LS03"

    def learn(session: Session) -> int:
        now = play.town.clock.now()
        return learnt.keep(session, first.district, OURS, 400, {}, now, use=True)

    await play.town.service.database.write(learn)
    second = await play.case(await play.report(AUNT, "那个呱呱今天还是那样"))
    assert second.kind == "LS03"
    assert second.kind_p > 0.7

    def roll_back(session: Session) -> int | None:
        return learnt.roll_back(session, first.district, play.town.clock.now())

    await play.town.service.database.write(roll_back)
    third = await play.case(await play.report(AUNT, "那个呱呱晚上也那样"))
    assert third.kind != "LS03"
