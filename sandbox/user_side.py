"""The user side: what people do and see, as JSON calls below `/sandbox`."""

from __future__ import annotations

import asyncio
import base64
import binascii
import re
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from sandbox import media
from sandbox.bot_api import BACKEND
from sandbox.entities import trimmed
from sandbox.errors import ApiError, UserError
from sandbox.keyboards import buttons
from sandbox.media import Upload
from sandbox.methods.call import Backend
from sandbox.methods.edits import reaction_emoji
from sandbox.methods.messages import origin
from sandbox.people import RIGHTS, Bot, Chat, Json, Message, User

PRESS_WAIT = 5.0  # seconds
MAX_WAIT = 60.0  # seconds that a reader of events may wait
MAX_TEXT, MAX_CAPTION, MAX_PAYLOAD = 4_096, 1_024, 64  # characters
MEDIA = ("photo", "voice", "document", "sticker")
STATUSES = {"member", "administrator", "left", "kicked"}
USERNAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{2,31}")
TOKEN = re.compile(r"[1-9]\d{0,15}:[A-Za-z0-9_-]+")
PAYLOAD = re.compile(r"[A-Za-z0-9_-]*")

Action = Callable[["Person"], Awaitable[Any] | Any]


class Person:
    """One user-side call: its body and address, read with complaints that name the field."""

    def __init__(self, backend: Backend, request: web.Request, body: Json) -> None:
        self.backend, self.request, self.body = backend, request, body
        self.world = backend.world

    def field(self, name: str, kind: type | tuple[type, ...], required: bool = True) -> Any:
        """A field of the body; None if it isn't there and needn't be."""
        value = self.body.get(name)
        if value is None:
            if required:
                raise UserError("is required", name)
            return None
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise UserError(f"must be a {_spoken(kind)}", name)
        return value

    def only(self, *names: str) -> None:
        """Refuses fields that this call doesn't have."""
        for name in self.body:
            if name not in names:
                raise UserError("unknown field", name)

    def path_id(self) -> int:
        """The number in the address."""
        try:
            return int(self.request.match_info["id"])
        except ValueError:
            raise UserError("must be a whole number", "id") from None

    def user(self, name: str = "from") -> User:
        """The person in a field."""
        user = self.world.users.get(self.field(name, int))
        if user is None:
            raise UserError("no such user", name, 404)
        if user.deactivated:
            raise UserError("that account was deleted", name, 409)
        return user

    def bot(self, user: User | None = None) -> Bot:
        """`bot_id`, else the bot that the user last talked to, else the only one."""
        wanted = self.field("bot_id", int, required=False)
        if wanted is None and user is not None:
            wanted = user.last_bot
        if wanted is None and len(self.world.bots) == 1:
            wanted = next(iter(self.world.bots))
        if wanted is None:
            raise UserError("say which bot", "bot_id")
        if wanted not in self.world.bots:
            raise UserError("no such bot", "bot_id", 404)
        return self.world.bots[wanted]

    def chat(self, user: User) -> Chat:
        """The chat in the address, in which `user` must be."""
        chat_id = self.path_id()
        if chat_id > 0:
            return self._private(chat_id, user)
        chat = self.group()
        member = chat.members.get(user.id)
        if member is None or not member.present:
            raise UserError("that user is not in this chat", "from", 403)
        return chat

    def _private(self, chat_id: int, user: User) -> Chat:
        if chat_id not in self.world.users:
            raise UserError("no such chat", "chat", 404)
        if chat_id != user.id:
            raise UserError("that private chat is somebody else's", "from", 403)
        return self.world.private(user, self.bot(user))

    def group(self) -> Chat:
        """The group in the address, if it has not moved."""
        chat = self.world.chats.get(self.path_id())
        if chat is None:
            raise UserError("no such chat", "chat", 404)
        if chat.migrated_to:
            raise UserError(f"the group was upgraded to {chat.migrated_to}", "chat", 409)
        return chat

    def message(self, chat: Chat, name: str = "message_id") -> Message:
        """A message of the chat."""
        message = chat.messages.get(self.field(name, int))
        if message is None:
            raise UserError("no such message", name, 404)
        return message


def _spoken(kind: type | tuple[type, ...]) -> str:
    names = {int: "whole number", str: "text", bool: "true or false", dict: "object", list: "list"}
    return names.get(kind, "number") if isinstance(kind, type) else "number"


# -- bots, users, chats -------------------------------------------------------------------------


def add_bot(person: Person) -> Json:
    """`POST bots`."""
    person.only("username", "token", "privacy")
    username = person.field("username", str)
    if not USERNAME.fullmatch(username):
        raise UserError("must be 3–32 letters, digits or underscores", "username")
    if any(bot.username == username for bot in person.world.bots.values()):
        raise UserError("is taken", "username", 409)
    token = person.field("token", str, required=False)
    _check_token(person, token)
    privacy = person.field("privacy", bool, required=False)
    bot = person.world.add_bot(username, token, True if privacy is None else privacy)
    return {"id": bot.id, "token": bot.token, "username": bot.username}


def _check_token(person: Person, token: str | None) -> None:
    if token is None:
        return
    if not TOKEN.fullmatch(token):
        raise UserError("must look like 123456:AAE…", "token")
    if person.world.everybody(int(token.partition(":")[0])):
        raise UserError("a user or bot with this number exists", "token", 409)


def set_privacy(person: Person) -> Json:
    """`POST bots/{id}/privacy`: counts in groups that the bot joins from now on."""
    person.only("privacy")
    bot = person.world.bots.get(person.path_id())
    if bot is None:
        raise UserError("no such bot", "id", 404)
    bot.privacy = person.field("privacy", bool)
    return {}


def add_user(person: Person) -> Json:
    """`POST users`."""
    person.only("first_name", "username", "language_code")
    first_name = person.field("first_name", str)
    if not first_name.strip() or len(first_name) > 64:
        raise UserError("must be 1–64 characters", "first_name")
    username = person.field("username", str, required=False)
    if username is not None and not USERNAME.fullmatch(username):
        raise UserError("must be 3–32 letters, digits or underscores", "username")
    language = person.field("language_code", str, required=False)
    return {"id": person.world.add_user(first_name, username, language).id}


def add_chat(person: Person) -> Json:
    """`POST chats`."""
    person.only("type", "title", "members", "bot_id", "bot_role")
    kind, title = person.field("type", str), person.field("title", str)
    if kind not in ("group", "supergroup"):
        raise UserError("must be group or supergroup", "type")
    if not title.strip() or len(title) > 128:
        raise UserError("must be 1–128 characters", "title")
    role = person.field("bot_role", str, required=False) or "member"
    if role not in ("member", "administrator"):
        raise UserError("must be member or administrator", "bot_role")
    members = _members(person)
    return {"id": person.world.add_group(kind, title, members, person.bot(), role).id}


def _members(person: Person) -> list[User]:
    ids = person.field("members", list)
    if not ids:
        raise UserError("a group needs somebody who makes it", "members")
    unknown = [one for one in ids if one not in person.world.users]
    if unknown:
        raise UserError(f"no such user: {unknown[0]}", "members", 404)
    return [person.world.users[one] for one in dict.fromkeys(ids)]


def set_member(person: Person) -> Json:
    """`POST chats/{id}/members`."""
    person.only("user", "status", "rights")
    chat = person.group()
    status = person.field("status", str)
    rights = person.field("rights", list, required=False)
    if rights is not None and not set(rights) <= set(RIGHTS):
        raise UserError(f"must be some of {', '.join(RIGHTS)}", "rights")
    if status not in STATUSES:
        raise UserError(f"must be one of {', '.join(sorted(STATUSES))}", "status")
    user = person.world.everybody(person.field("user", int))
    if user is None:
        raise UserError("no such user", "user", 404)
    owner = chat.owner()
    if user is owner and status != "left":
        raise UserError("the owner stays the owner", "user", 409)
    own = status == "left" or (user is owner)
    given = frozenset(rights) if rights is not None else None
    person.world.set_member(chat, user, status, user if own else owner, rights=given)
    return {}


def migrate(person: Person) -> Json:
    """`POST chats/{id}/migrate`."""
    person.only()
    return {"id": person.world.migrate(person.group()).id}


# -- messages -----------------------------------------------------------------------------------


def send(person: Person) -> Json:
    """`POST chats/{id}/messages`."""
    person.only("from", "text", "caption", "album", "location", "reply_to", "forward", "bot_id",
                *MEDIA)  # fmt: skip
    user = person.user()
    chat = person.chat(user)
    contents = _contents(person)
    extra = _forwarded(person, chat)
    if chat.is_private:
        start(person, chat)
    more = {"media_group_id": str(person.world.new_number())} if len(contents) > 1 else {}
    reply_to = _reply_to(person, chat)
    said = [
        person.world.say(chat, user, content, reply_to=reply_to, extra={**extra, **more})
        for content in contents
    ]
    return {"messages": [message.shape() for message in said]}


def start(person: Person, chat: Chat) -> None:
    """From now on the bot may write to this user."""
    if chat.blocked:
        raise UserError("this user has blocked the bot", "from", 409)
    if not chat.started:
        chat.started = True
        person.world.state_changed()


def _reply_to(person: Person, chat: Chat) -> int | None:
    return person.message(chat, "reply_to").id if person.body.get("reply_to") is not None else None


def _contents(person: Person) -> list[Json]:
    """What is to be said, as fields of one or, for an album, several messages."""
    kinds = ("text", "album", "location", *MEDIA)
    given = [name for name in kinds if person.body.get(name) is not None]
    if len(given) != 1:
        choice = ", ".join(kinds)
        raise UserError(f"give exactly one of {choice}", given[1] if given else "text")
    if given[0] in ("text", "location", "sticker") and person.body.get("caption"):
        raise UserError(f"a {given[0]} has no caption", "caption")
    if given[0] == "text":
        return [_text(person, "text", MAX_TEXT)]
    if given[0] == "location":
        return [{"location": _location(person)}]
    if given[0] == "album":
        return _album(person)
    return [_media(person, given[0], person.field(given[0], dict)) | _caption(person)]


def _text(person: Person, name: str, limit: int) -> Json:
    text, entities = trimmed(person.field(name, str), [])
    if not text or len(text) > limit:
        raise UserError(f"must be 1–{limit} characters", name)
    prefix = "" if name == "text" else f"{name}_"
    return {name: text, **({f"{prefix}entities": entities} if entities else {})}


def _caption(person: Person) -> Json:
    if person.body.get("caption") in (None, ""):
        return {}
    return _text(person, "caption", MAX_CAPTION)


def _location(person: Person) -> Json:
    given = person.field("location", dict)
    point = {}
    for name, limit in (("latitude", 90), ("longitude", 180)):
        value = given.get(name)
        if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > limit:
            raise UserError(f"{name} must be a number up to {limit}", "location")
        point[name] = value
    return point


def _album(person: Person) -> list[Json]:
    items = person.field("album", list)
    if not 2 <= len(items) <= 10:
        raise UserError("an album has 2–10 items", "album")
    contents = [_media(person, _album_kind(item), item) for item in items]
    contents[0] |= _caption(person)
    return contents


def _album_kind(item: Any) -> str:
    if not isinstance(item, dict):
        raise UserError("items must be objects {base64, name, mime}", "album")
    return "photo" if str(item.get("mime", "")).startswith("image/") else "document"


def _media(person: Person, kind: str, given: Json) -> Json:
    try:
        data = base64.b64decode(given.get("base64", ""), validate=True)
    except (binascii.Error, TypeError, ValueError):
        raise UserError("base64 can't be decoded", kind) from None
    if not data:
        raise UserError("has no content", kind)
    mime = str(given.get("mime") or "application/octet-stream")
    upload = Upload(data, str(given.get("name") or kind), mime)
    try:
        return {kind: media.make(person.world, kind, upload)}
    except ApiError as error:
        raise UserError(error.description, kind) from None


def _forwarded(person: Person, chat: Chat) -> Json:
    """`forward`: true, or {chat, message_id}: from elsewhere."""
    given = person.body.get("forward")
    if not given:
        return {}
    if isinstance(given, dict) and "message_id" in given:
        return {"forward_origin": origin(_original(person, given, chat))}
    name = given.get("name") if isinstance(given, dict) else given
    sender = name if isinstance(name, str) and name else "Somebody"
    date = person.world.date()
    return {"forward_origin": {"type": "hidden_user", "sender_user_name": sender, "date": date}}


def _original(person: Person, given: Json, chat: Chat) -> Message:
    """The message named: in a group, in a private chat of the sender's, or in this chat."""
    where = given.get("chat", chat.id)
    source = person.world.chats.get(where)
    if where == person.body["from"]:
        user = person.user()
        bot = person.world.bots.get(given.get("bot_id", 0)) or person.bot(user)
        source = person.world.private(user, bot)
    message = source.messages.get(given["message_id"]) if source else None
    if message is None:
        raise UserError("no such message", "forward", 404)
    return message


def edit(person: Person) -> Json:
    """`POST chats/{id}/messages/{mid}/edit`."""
    person.only("from", "text", "bot_id")
    user = person.user()
    chat = person.chat(user)
    person.body["message_id"] = int(person.request.match_info["mid"])
    message = person.message(chat)
    if message.sender is not user or message.service:
        raise UserError("only one's own messages can be edited", "from", 403)
    name = "text" if "text" in message.content else "caption"
    person.body[name] = person.field("text", str)
    message.content |= _text(person, name, MAX_TEXT if name == "text" else MAX_CAPTION)
    person.world.edited(message)
    return {"message": message.shape()}


async def press(person: Person) -> Json:
    """`POST chats/{id}/press`: waits up to 5 s for the bot's answer."""
    person.only("from", "message_id", "data", "label", "bot_id")
    user = person.user()
    message = person.message(person.chat(user))
    query = person.world.press(message, user, _pressed(person, message))
    try:
        await asyncio.wait_for(query.done.wait(), PRESS_WAIT)
    except TimeoutError:
        return {"answer": None}
    return {"answer": query.answer}


def _pressed(person: Person, message: Message) -> str:
    """The data of the button meant. `data` alone may also be a forged or an old button's."""
    data = person.field("data", str, required=False)
    label = person.field("label", str, required=False)
    if (data is None) == (label is None):
        raise UserError("give either data or label", "label" if label else "data")
    if not message.sender.is_bot or message.service:
        raise UserError("that message has no buttons", "message_id")
    if message.chat.blocked or message.sender not in [m.user for m in message.chat.bots()]:
        raise UserError("the bot is not in this chat any more", "message_id", 409)
    if data is not None:
        return str(data)
    found = [b for b in buttons(message.keyboard) if b["text"] == label and "callback_data" in b]
    if len(found) != 1:
        raise UserError("several buttons have this label" if found else "no such button", "label")
    return str(found[0]["callback_data"])


def react(person: Person) -> Json:
    """`POST chats/{id}/react`; an empty emoji takes the reaction back."""
    person.only("from", "message_id", "emoji", "bot_id")
    user = person.user()
    message = person.message(person.chat(user))
    emoji = person.field("emoji", str).replace("\ufe0f", "")
    if emoji and emoji not in reaction_emoji():
        raise UserError("Telegram has no such reaction", "emoji")
    person.world.react(message, user, [{"type": "emoji", "emoji": emoji}] if emoji else [])
    return {}


def vote(person: Person) -> Json:
    """`POST chats/{id}/vote`: `{from, message_id, options: [index]}`."""
    person.only("from", "message_id", "options", "bot_id")
    user = person.user()
    message = person.message(person.chat(user))
    options = person.field("options", list)
    poll = message.poll
    if poll is None or poll.is_closed:
        raise UserError("that message has no open poll", "message_id")
    if any(one not in range(len(poll.options)) for one in options):
        raise UserError("no such option", "options")
    if len(options) > 1 and not poll.settings["allows_multiple_answers"]:
        raise UserError("this poll takes one answer", "options")
    person.world.vote(message, user, options)
    return {}


def open_link(person: Person) -> Json:
    """`POST start`: a deep link, or the start button without a payload."""
    person.only("from", "bot_id", "payload")
    user = person.user()
    payload = person.field("payload", str, required=False) or ""
    if len(payload) > MAX_PAYLOAD or not PAYLOAD.fullmatch(payload):
        raise UserError("must be up to 64 characters A–Z a–z 0–9 _ -", "payload")
    person.field("bot_id", int)
    chat = person.world.private(user, person.bot())
    unblock(person, chat)
    start(person, chat)
    message = person.world.say(chat, user, _command(f"/start {payload}".strip()))
    return {"messages": [message.shape()]}


def _command(text: str) -> Json:
    text, entities = trimmed(text, [])
    return {"text": text, "entities": entities}


def open_group_link(person: Person) -> Json:
    """`POST startgroup`: `{from, bot_id, chat, payload?}` adds the bot, says /start@bot."""
    person.only("from", "bot_id", "chat", "payload")
    user = person.user()
    bot = person.bot()
    chat = person.world.chats.get(person.field("chat", int))
    if chat is None or chat.migrated_to:
        raise UserError("no such chat", "chat", 404)
    payload = person.field("payload", str, required=False) or ""
    if len(payload) > MAX_PAYLOAD or not PAYLOAD.fullmatch(payload):
        raise UserError("must be up to 64 characters A–Z a–z 0–9 _ -", "payload")
    member = chat.members.get(bot.id)
    if member is None or not member.present:
        person.world.set_member(chat, bot, "member", user)
    message = person.world.say(chat, user, _command(f"/start@{bot.username} {payload}".strip()))
    return {"messages": [message.shape()]}


def deactivate(person: Person) -> Json:
    """`POST users/{id}/deactivate`: the account is deleted; bots are only told when they write."""
    person.only()
    user = person.world.users.get(person.path_id())
    if user is None:
        raise UserError("no such user", "id", 404)
    user.deactivated = True
    return {}


def block(person: Person) -> Json:
    """`POST users/{id}/block`: the bot hears of it as `my_chat_member`."""
    person.only("bot_id", "blocked")
    user = person.world.users.get(person.path_id())
    if user is None:
        raise UserError("no such user", "id", 404)
    chat = person.world.private(user, person.bot(user))
    person.world.set_blocked(chat, person.field("blocked", bool))
    return {}


def unblock(person: Person, chat: Chat) -> None:
    """Starting a bot unblocks it."""
    person.world.set_blocked(chat, False)


# -- reading, faults, limits --------------------------------------------------------------------


async def read_chat(person: Person) -> Json:
    """`GET chats/{id}/messages?after=seq&wait=s`."""
    chat_id = person.path_id()
    if chat_id not in person.world.chats and chat_id not in person.world.users:
        raise UserError("no such chat", "chat", 404)
    return await _read(person, chat_id)


async def read_user(person: Person) -> Json:
    """`GET users/{id}/messages?after=seq&wait=s`: the private chats of a user."""
    user_id = person.path_id()
    if user_id not in person.world.users:
        raise UserError("no such user", "id", 404)
    return await _read(person, user_id)


async def _read(person: Person, chat_id: int) -> Json:
    after = int(_query_number(person, "after", 0))
    wait = min(_query_number(person, "wait", 0), MAX_WAIT)
    bot = int(_query_number(person, "bot_id", 0))
    log = person.world.logs[chat_id]
    if wait > 0 and log.seq <= after:
        await log.wait(wait)
    events = [one for one in log.after(after) if not bot or one.get("bot") == bot]
    return {"seq": log.seq, "events": events}


def _query_number(person: Person, name: str, default: float) -> float:
    value = person.request.query.get(name, "")
    if not value:
        return default
    try:
        number = float(value)
    except ValueError:
        raise UserError("must be a number", name) from None
    if not 0 <= number < 1e15:
        raise UserError("must be 0 or more", name)
    return number


def order_fault(person: Person) -> Json:
    """`POST faults`."""
    return {"id": person.backend.faults.order(person.body).id}


def clear_faults(person: Person) -> Json:
    """`DELETE faults`."""
    person.backend.faults.clear()
    return {}


def set_limits(person: Person) -> Json:
    """`POST limits`."""
    person.only("enforced")
    person.backend.limits.enforced = person.field("enforced", bool)
    person.backend.limits.clear()
    return {}


def read_calls(person: Person) -> list[Json]:
    """`GET calls?after=n`."""
    return person.world.calls.after(int(_query_number(person, "after", 0)))


async def reset(person: Person) -> Json:
    """`POST reset`: an empty world, no faults, limits as Telegram's."""
    await person.backend.webhooks.clear()
    person.backend.faults.clear()
    person.backend.limits.clear()
    person.backend.limits.enforced = True
    for queue in person.world.queues.values():
        queue.end_waiting(ApiError(401, "Unauthorized"))
    person.world.clear()
    return {}


ROUTES: dict[tuple[str, str], Action] = {
    ("POST", "bots"): add_bot,
    ("POST", "bots/{id}/privacy"): set_privacy,
    ("POST", "users"): add_user,
    ("POST", "chats"): add_chat,
    ("POST", "chats/{id}/members"): set_member,
    ("POST", "chats/{id}/migrate"): migrate,
    ("POST", "chats/{id}/messages"): send,
    ("POST", "chats/{id}/messages/{mid:\\d+}/edit"): edit,
    ("POST", "chats/{id}/press"): press,
    ("POST", "chats/{id}/react"): react,
    ("POST", "chats/{id}/vote"): vote,
    ("POST", "start"): open_link,
    ("POST", "startgroup"): open_group_link,
    ("POST", "users/{id}/block"): block,
    ("POST", "users/{id}/deactivate"): deactivate,
    ("GET", "chats/{id}/messages"): read_chat,
    ("GET", "users/{id}/messages"): read_user,
    ("POST", "faults"): order_fault,
    ("DELETE", "faults"): clear_faults,
    ("POST", "limits"): set_limits,
    ("GET", "calls"): read_calls,
    ("POST", "reset"): reset,
}


def _handler(action: Action) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def handle(request: web.Request) -> web.Response:
        try:
            person = Person(request.app[BACKEND], request, await _body(request))
            result = action(person)
            return web.json_response(await result if isinstance(result, Awaitable) else result)
        except UserError as error:
            body = {"error": error.error, "field": error.field}
            return web.json_response(body, status=error.status)

    return handle


async def _body(request: web.Request) -> Json:
    if request.method != "POST" or not request.can_read_body:
        return {}
    try:
        body = await request.json()
    except ValueError:
        raise UserError("the body is not JSON") from None
    except web.HTTPRequestEntityTooLarge:
        raise UserError("the body is too large", status=413) from None
    if not isinstance(body, dict):
        raise UserError("the body must be an object")
    return body


async def _unknown(_: web.Request) -> web.Response:
    return web.json_response({"error": "there is no such call", "field": None}, status=404)


def add_routes(app: web.Application) -> None:
    """Adds the user side's routes; must come after all others below `/sandbox`."""
    for (method, path), action in ROUTES.items():
        app.router.add_route(method, f"/sandbox/{path}", _handler(action))
    app.router.add_route("*", "/sandbox/{rest:.*}", _unknown)
