"""A day and a morning in the town, so that whoever looks first finds it lived in."""

from datetime import datetime

from bot.demo.actors import Json, labels, number_in, picture
from bot.demo.controls import Stepper
from bot.demo.town import Town
from services.texts import plain


async def tap(town: Town, user: int, key: str, *words: str, chat: int | None = None) -> Json:
    """Press the button with the text `key` on the newest message that holds the words."""
    seen = town.chat(chat or user)
    label = plain(key)
    message = await seen.until(label, *words)
    shown = await town.side.press(seen.id, user, message["message_id"], labels(message)[label])
    await town.settle()
    return shown


async def report(town: Town, name: str, group: int, text: str) -> str:
    """A neighbour reports in the group; the case's number."""
    chat = town.groups[group]
    told = await town.say(chat, town.residents[name], f"/report {text}")
    await town.settle()
    return number_in(told) or ""


async def handle(town: Town, ref: str, number: str, *keys: str) -> None:
    """Somebody of the staff presses their way through a case."""
    for key in keys:
        await tap(town, town.staff[ref], key, number)


async def prove(town: Town, ref: str) -> None:
    """The photo that *done* asked for."""
    user = town.staff[ref]
    await town.chat(user).until(plain("work.send_photo"))
    sent = await town.side.photo(user, user, picture(bright=True))
    await town.chat(user).until(after=sent)
    await town.settle()


async def yesterday(town: Town) -> None:
    """What was reported the working day before: settled, in hand, forgotten, done."""
    lamp = await report(town, "阿杰", 1, "9号楼1单元楼道灯坏了，晚上看不见路")
    await handle(town, "w01", lamp, "btn.take", "btn.arrive", "btn.done")
    await prove(town, "w01")
    await report(town, "庄大姐", 5, "3号楼有人从窗户拉线给电动车充电")
    lift = await report(town, "陳伯", 2, "2號樓電梯按鈕壞咗，老人家上唔到樓")
    await handle(town, "w03", lift, "btn.take", "btn.arrive")
    await tap(town, town.residents["阿杰"], "btn.settled", lamp, chat=town.groups[1])
    await _rate(town, "阿杰", lamp, 5)


async def _rate(town: Town, name: str, number: str, stars: int) -> None:
    seen = town.chat(town.groups[1])
    message = await seen.until("★" * stars, number)
    data = labels(message)["★" * stars]
    await town.side.press(seen.id, town.residents[name], message["message_id"], data)
    await town.settle()


async def this_morning(town: Town) -> None:
    """What came in today: waiting for its reporter, new, foreign, not ours, urgent."""
    bins = await report(town, "小林", 0, "8号楼门口垃圾桶满了两天没人清")
    await handle(town, "w01", bins, "btn.take", "btn.done")
    await prove(town, "w01")
    await report(town, "方老师", 3, "湖畔里健身器材松了，孩子在上面玩")
    await report(town, "Emma", 0, "The lift in building 8 stops between floors")
    await report(town, "店主老吴", 4, "网上买的东西坏了商家不肯退款")
    await report(town, "小满", 2, "2号楼楼道里有很浓的燃气味")


async def live(town: Town, stepper: Stepper, start: datetime) -> None:
    """The day before up to the moment in which the demonstration starts."""
    await yesterday(town)
    await stepper.to(start)
    await this_morning(town)
