"""What never arrived and what failed: somebody hears of it and can do something."""

from services.texts import plain
from tests.acceptance.play import AUNT, Play, until


async def test_the_desk_sends_again_what_never_arrived(play: Play):
    """Whose quarrel it is, the reporter is told in private who has it: this is lost."""
    await play.say(AUNT, "/report 楼上邻居一直和我家吵架，快打起来了", play.group)
    await play.quiet()
    (case,) = await play.cases()
    number, aunt = case.number, play.who(AUNT)
    await play.post("faults", kind="blocked", method="sendMessage", chat=aunt, count=1)
    await play.tap("w01", "btn.take", number)

    async def desk_knows() -> bool:
        return await play.sees("s01", "📭", number, plain("trouble.reporter"))

    await until(desk_knows)
    before = await play.texts(AUNT)
    await play.tap("s01", "btn.send_again", number)
    await until(lambda: more(play, before))
    assert number in (await play.texts(AUNT))[-1]
    settled = await play.card("s01", "📭", number)
    assert not settled.get("reply_markup")


async def more(play: Play, before: list[str]) -> bool:
    return len(await play.texts(AUNT)) > len(before)
