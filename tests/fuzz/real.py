"""Real updates: what the sandbox sends a bot, with the ids of the town of tests/people.py."""

import json
from typing import Any

from sandbox.bot_api import BACKEND
from sandbox.entities import trimmed
from sandbox.people import Bot, Chat, User
from sandbox.server import create_app
from sandbox.world import World
from tests.fuzz import words
from tests.people import ADDRESSES, BOT, GROUP_CHAT

Json = dict[str, Any]


def recorded() -> list[Json]:
    """One update of every sort that the sandbox can send."""
    world = create_app()[BACKEND].world
    bot = world.add_bot(BOT.username, f"{BOT.bot}:{'A' * 35}", privacy=False)
    people = [_user(world, name, int(number)) for name, number in ADDRESSES.items()]
    group = world.add_group("group", "快乐8号楼", people, bot, "administrator")
    for user in people:
        _in_private(world, bot, user)
        _in_the_group(world, bot, group, user)
    world.set_member(group, bot, "left", people[0])
    world.set_member(group, bot, "administrator", people[0])
    world.migrate(group)
    pending = world.queues[bot.id].pending.values()
    return [json.loads(each.body.replace(str(group.id), GROUP_CHAT)) for each in pending]


def _user(world: World, name: str, number: int) -> User:
    world.next_user = number
    return world.add_user(name, f"u{number}", "zh-hans")


def _in_private(world: World, bot: Bot, user: User) -> None:
    chat = world.private(user, bot)
    chat.started = True
    for said in ("/start", "/mine", "/list", *words.REPORTS[:3]):
        _say(world, chat, user, said)
    card = world.say(chat, bot, {"text": "card"})
    world.press(card, user, "take~110101")
    world.set_blocked(chat, True)
    world.set_blocked(chat, False)


def _in_the_group(world: World, bot: Bot, group: Chat, user: User) -> None:
    for said in (f"@{BOT.username} {words.REPORTS[0]}", f"/report@{BOT.username} x", "你好"):
        message = _say(world, group, user, said)
        message.content = _content(said + "!")
        world.edited(message)
    quoted = world.say(group, bot, {"text": "card"})
    world.say(group, user, _content("谢谢"), reply_to=quoted.id)
    world.say(group, user, {"location": {"latitude": 39.9, "longitude": 116.4}})
    size = {"file_id": "f", "file_unique_id": "u", "width": 9, "height": 9, "file_size": 999}
    caption = {"caption": f"@{BOT.username}", "caption_entities": []}
    world.say(group, user, {"photo": [size, size], **caption}, extra={"media_group_id": "7"})
    world.press(quoted, user, "report")


def _say(world: World, chat: Chat, user: User, said: str) -> Any:
    return world.say(chat, user, _content(said))


def _content(said: str) -> Json:
    text, entities = trimmed(said, [])
    return {"text": text, "entities": entities}
