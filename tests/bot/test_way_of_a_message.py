"""From a person's message to the answer, through inbox and outbox."""

from functools import partial

from bot.assembly import Service
from tests.bot import toy
from tests.bot.conftest import Town, until


async def test_what_is_said_in_private_is_answered(town: Town, service: Service):
    li = await town.person(start=False)
    await town.say(li, li, "hello")
    assert await until(lambda: town.texts(li)) == ["heard hello"]


async def test_a_press_is_answered_at_once(town: Town, service: Service):
    li = await town.person(start=False)
    await town.say(li, li, "card one")
    await until(lambda: town.texts(li))
    events = (await town.get(f"users/{li}/messages?after=0&wait=0"))["events"]
    message = events[-1]["message"]["message_id"]
    pressed = await town.do(f"chats/{li}/press", from_=li, message_id=message, label="go")
    assert pressed["answer"] == {"text": "you pressed go~1", "show_alert": True}


async def test_a_card_is_edited_in_place_and_not_sent_again_unchanged(town: Town, service: Service):
    li = await town.person(start=False)
    for text in ("card one", "card two", "card two"):
        await town.say(li, li, text)
        await until(partial(shown, town, li, text.removeprefix("card ")))
        await service.settle()
    sent = await town.calls("sendMessage", "editMessageText")
    assert [call["method"] for call in sent] == ["sendMessage", "editMessageText"]


async def shown(town: Town, chat: int, text: str) -> bool:
    return text in await town.texts(chat)


async def test_one_chats_words_are_handled_in_their_order(town: Town, service: Service):
    people = [await town.person(start=False) for _ in range(3)]
    for n in range(20):
        for person in people:
            await town.say(person, person, f"quiet {n}")

    async def all_heard():
        return len(await service.database.read(toy.heard)) == 60

    await until(all_heard)
    order: dict[str, list[str]] = {}
    for chat, text in await service.database.read(toy.heard):
        order.setdefault(chat, []).append(text)
    assert list(order.values()) == [[f"quiet {n}" for n in range(20)]] * 3
