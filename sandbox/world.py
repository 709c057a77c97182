"""The state of a sandbox and its rules: who is where, who sees what, what becomes an update.

Nothing here knows of HTTP. Everything runs on one event loop, so no locks are needed.
"""

from __future__ import annotations

import secrets
from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

from sandbox.entities import entity_text
from sandbox.errors import UserError
from sandbox.log import CallLog, EventLog, Listener
from sandbox.people import Bot, Chat, Json, Member, Message, Poll, Query, StoredFile, User
from sandbox.updates import Queue, Update

Clock = Callable[[], datetime]
FIRST_USER, FIRST_BOT = 10_001, 7_000_000_001
SUPERGROUP_BASE = -1_001_000_000_000


class World:
    """Everything there is. `clock` gives the time of messages and expiry."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.calls = CallLog()
        self.listeners: set[Listener] = set()
        self.on_update: Callable[[Bot, Update], None] = lambda _bot, _update: None
        self.clear()

    def clear(self) -> None:
        """Forgets everybody and everything."""
        self.users: dict[int, User] = {}
        self.bots: dict[int, Bot] = {}
        self.tokens: dict[str, Bot] = {}
        self.chats: dict[int, Chat] = {}
        self.privates: dict[tuple[int, int], Chat] = {}
        self.queues: dict[int, Queue] = {}
        self.files: dict[str, StoredFile] = {}
        self.files_by_path: dict[str, StoredFile] = {}
        self.photos: dict[str, list[Json]] = {}  # any size's file id → all sizes
        self.queries: dict[str, Query] = {}
        self.polls: dict[str, tuple[Bot, Message]] = {}
        self.logs: dict[int, EventLog] = defaultdict(EventLog)
        self.calls.calls.clear()
        self.calls.count = 0
        self.last_number = 10**17
        self.next_user, self.next_bot, self.next_group = FIRST_USER, FIRST_BOT, 4_000_001
        self.state_changed()

    # -- time ---------------------------------------------------------------------------------

    def now(self) -> float:
        """Unix seconds of the sandbox's clock."""
        return self.clock().timestamp()

    def date(self) -> int:
        """Whole Unix seconds, as messages carry them."""
        return int(self.now())

    # -- people -------------------------------------------------------------------------------

    def add_bot(self, username: str, token: str | None, privacy: bool) -> Bot:
        """A new bot; its id is the number before the colon of its token."""
        bot_id = int(token.partition(":")[0]) if token else self.next_bot
        self.next_bot = max(self.next_bot, bot_id) + 1
        token = token or f"{bot_id}:{secrets.token_urlsafe(26)}"
        bot = Bot(bot_id, username, username, token=token, privacy=privacy)
        self.bots[bot_id] = self.tokens[token] = bot
        self.queues[bot_id] = Queue()
        self.state_changed()
        return bot

    def add_user(self, first_name: str, username: str | None, language: str | None) -> User:
        """A new person."""
        while self.everybody(self.next_user):
            self.next_user += 1
        user = User(self.next_user, first_name, username, language)
        self.users[user.id] = user
        self.state_changed()
        return user

    def private(self, user: User, bot: Bot) -> Chat:
        """The private chat of a user and a bot; it exists by itself."""
        key = (user.id, bot.id)
        if key not in self.privates:
            self.privates[key] = Chat(user.id, "private", user=user, bot=bot)
        return self.privates[key]

    def everybody(self, user_id: int) -> User | None:
        """A person or a bot by id."""
        return self.users.get(user_id) or self.bots.get(user_id)

    # -- groups -------------------------------------------------------------------------------

    def add_group(self, kind: str, title: str, people: list[User], bot: Bot, role: str) -> Chat:
        """A new group. The first of `people` owns it; the bot hears that it was added."""
        chat = Chat(self._group_id(kind), kind, title)
        self.chats[chat.id] = chat
        for user in people:
            chat.members[user.id] = Member(user, "member")
        chat.members[people[0].id].status = "creator"
        if kind == "group":
            self.say(chat, people[0], {"group_chat_created": True}, service=True)
        self.set_member(chat, bot, role, people[0], announce=kind == "supergroup")
        if kind == "group":
            self._announce_creation(chat, bot)
        return chat

    def _announce_creation(self, chat: Chat, bot: Bot) -> None:
        """A bot that was there from the start sees the group's creation."""
        self._push_message(bot, chat.messages[1], "message")

    def _group_id(self, kind: str) -> int:
        self.next_group += 1 + secrets.randbelow(50)
        return -self.next_group if kind == "group" else SUPERGROUP_BASE - self.next_group

    def set_member(
        self,
        chat: Chat,
        user: User,
        status: str,
        actor: User,
        announce: bool = True,
        rights: frozenset[str] | None = None,
    ) -> None:
        """Gives `user` a new status and tells the bots that have a right to know. `rights` an
        administrator has: all of them unless told; a basic group knows no others."""
        old = chat.members.get(user.id) or Member(user, "left")
        sees_all = not user.privacy if isinstance(user, Bot) else True
        if old.present and status in ("member", "administrator"):
            sees_all = old.sees_all
        new = Member(user, status, sees_all)
        if rights is not None and chat.type == "supergroup":
            new.rights = rights
        if (old.status, old.rights) == (status, new.rights):
            return
        if announce and old.present and not new.present:
            self._announce_leaving(chat, user, actor)
        chat.members[user.id] = new
        self._tell_member_change(chat, actor, old, new)
        if announce and new.present and not old.present:
            self.say(chat, actor, {"new_chat_members": [user.shape()]}, service=True)
        self.state_changed()

    def _announce_leaving(self, chat: Chat, user: User, actor: User) -> None:
        self.say(chat, actor, {"left_chat_member": user.shape()}, service=True)

    def _tell_member_change(self, chat: Chat, actor: User, old: Member, new: Member) -> None:
        payload = {
            "chat": chat.shape(), "from": actor.shape(), "date": self.date(),
            "old_chat_member": old.shape(), "new_chat_member": new.shape(),
        }  # fmt: skip
        if isinstance(new.user, Bot):
            self.push(new.user, "my_chat_member", payload, ("member", chat.id))
        for member in chat.bots():
            if member.user is not new.user and member.is_administrator:
                self.push(self.bots[member.user.id], "chat_member", payload, ("member", chat.id))

    def migrate(self, chat: Chat) -> Chat:
        """Turns a group into a supergroup: a new id, two service messages, ids from 1 again."""
        if chat.type != "group" or chat.migrated_to:
            raise UserError("only a group that has not been upgraded yet can be", "chat", 409)
        new = Chat(self._group_id("supergroup"), "supergroup", chat.title)
        new.members = {key: replace(member) for key, member in chat.members.items()}
        new.migrated_from = chat.id
        self.chats[new.id] = new
        owner = chat.owner()
        self.say(chat, owner, {"migrate_to_chat_id": new.id}, service=True)
        chat.migrated_to = new.id
        self.say(new, owner, {"migrate_from_chat_id": chat.id}, service=True)
        self.state_changed()
        return new

    # -- messages -----------------------------------------------------------------------------

    def say(self, chat: Chat, sender: User, content: Json, **more: Any) -> Message:
        """Puts a message into a chat, its log, and the queue of every bot that sees it."""
        message = Message(chat, chat.next_message_id(), sender, self.date(), content, **more)
        chat.messages[message.id] = message
        if isinstance(sender, Bot) and not message.service:
            chat.last_bot = sender.id
        elif chat.bot is not None and isinstance(sender, User) and not sender.is_bot:
            sender.last_bot = chat.bot.id
        self.log(message, "sent")
        self.tell_bots(message, "message")
        return message

    def tell_bots(self, message: Message, kind: str) -> None:
        """Queues `message` for the bots that may see it."""
        for member in message.chat.bots():
            if sees(member, message):
                self._push_message(self.bots[member.user.id], message, kind)

    def _push_message(self, bot: Bot, message: Message, kind: str) -> None:
        self.push(bot, kind, message.shape(), ("chat", message.chat.id))

    def push(self, bot: Bot, kind: str, payload: Json, lane: tuple[str, int]) -> None:
        """Queues an update for a bot."""
        queue = self.queues.get(bot.id)
        update = queue.push(kind, payload, lane, self.now()) if queue else None
        if update is not None:
            self.on_update(bot, update)

    def edited(self, message: Message) -> None:
        """Marks the message as edited now and tells everybody."""
        message.edit_date = self.date()
        self.log(message, "edited")
        self.tell_bots(message, "edited_message")

    def pin(self, message: Message, actor: User, silent: bool) -> None:
        """Pins a message; a service message says so, and the consoles hear it too."""
        chat = message.chat
        chat.pinned = [one for one in chat.pinned if one != message.id] + [message.id]
        pinned = {"pinned_message": message.shape(with_reply=False)}
        self.say(chat, actor, pinned, service=True, silent=silent)
        event = {"type": "event", "chat": chat.id, "seq": self.logs[chat.id].seq, "kind": "pinned"}
        bot = {"bot": chat.bot.id} if chat.bot else {}
        self.broadcast({**event, **bot, "message": message.seen()})
        self.state_changed()

    def unpin(self, chat: Chat, message_ids: list[int]) -> None:
        """Unpins messages, without a word in the chat."""
        chat.pinned = [one for one in chat.pinned if one not in message_ids]
        self.state_changed()

    def react(self, message: Message, actor: User, reactions: list[Json]) -> None:
        """Replaces somebody's reactions; bots that are administrators hear of people's."""
        old = message.reactions.get(actor.id, [])
        if old == reactions:
            return
        message.reactions[actor.id] = reactions
        self.log(message, "reaction")
        if actor.is_bot:
            return
        payload = {
            "chat": message.chat.shape(), "message_id": message.id, "user": actor.shape(),
            "date": self.date(), "old_reaction": old, "new_reaction": reactions,
        }  # fmt: skip
        for member in message.chat.bots():
            if message.chat.is_private or member.is_administrator:
                lane = ("reaction", message.chat.id)
                self.push(self.bots[member.user.id], "message_reaction", payload, lane)

    def set_blocked(self, chat: Chat, blocked: bool) -> None:
        """The user of a private chat blocks the bot, or lets it write again."""
        if chat.user is None or chat.bot is None or chat.blocked == blocked:
            return
        before, after = ("member", "kicked") if blocked else ("kicked", "member")
        chat.blocked = blocked
        old, new = Member(chat.bot, before), Member(chat.bot, after)
        self._tell_member_change(chat, chat.user, old, new)
        self.state_changed()

    def press(self, message: Message, user: User, data: str) -> Query:
        """A press of a callback button: an update for the bot that sent the message."""
        bot = self.bots[message.sender.id]
        query = Query(str(self.new_number()), bot, user, self.now())
        self.queries[query.id] = query
        payload = {
            "id": query.id, "from": user.shape(), "message": message.shape(),
            "chat_instance": str(-7_000_000_000 - message.chat.id), "data": data,
        }  # fmt: skip
        self.push(bot, "callback_query", payload, ("callback", user.id))
        return query

    def answer(self, query: Query, answer: Json) -> None:
        """Ends a press."""
        query.answered, query.answer = True, answer
        query.done.set()

    def vote(self, message: Message, user: User, options: list[int]) -> None:
        """A vote, or its withdrawal (no options): the bot that made the poll hears of it."""
        poll = message.poll
        if poll is None:
            raise UserError("that message has no poll", "message_id")
        poll.votes[user.id] = options
        self.log(message, "edited")
        bot, _ = self.polls[poll.id]
        lane = ("poll", int(poll.id))
        if not poll.settings["is_anonymous"]:
            answer = {
                "poll_id": poll.id, "user": user.shape(), "option_ids": options,
                "option_persistent_ids": [str(one) for one in options],
            }  # fmt: skip
            self.push(bot, "poll_answer", answer, lane)
        self.push(bot, "poll", poll.shape(), lane)

    def new_number(self) -> int:
        """A number that nothing else has: for presses, albums, polls."""
        self.last_number += 1 + secrets.randbelow(1_000)
        return self.last_number

    def delete(self, message: Message) -> None:
        """Takes a message out of its chat; bots aren't told."""
        message.deleted = True
        del message.chat.messages[message.id]
        self.log(message, "deleted")
        if message.id in message.chat.pinned:
            self.unpin(message.chat, [message.id])

    # -- what people see ----------------------------------------------------------------------

    def log(self, message: Message, kind: str) -> None:
        """Adds an event to the chat's log and shows it to the consoles."""
        chat = message.chat
        event: Json = {"kind": kind, "message": message.seen()}
        if chat.bot is not None:
            event["bot"] = chat.bot.id
        numbered = self.logs[chat.id].add(event)
        self.broadcast({"type": "event", "chat": chat.id, **numbered})

    def broadcast(self, event: Json) -> None:
        """Sends an event to every console."""
        for listener in list(self.listeners):
            listener(event)

    def state_changed(self) -> None:
        """Tells the consoles that users, chats or members are others now."""
        self.broadcast({"type": "state"})

    def find_chat(self, chat_id: int, bot: Bot | None) -> Chat | None:
        """A group by its id, or the private chat of that user with `bot`."""
        if chat_id in self.chats:
            return self.chats[chat_id]
        user = self.users.get(chat_id)
        return self.private(user, bot) if user and bot else None

    def add_file(self, file: StoredFile) -> StoredFile:
        """Keeps a file; the same bytes under the same id are kept once."""
        self.files[file.file_id] = self.files_by_path[file.path] = file
        return file

    def add_poll(self, bot: Bot, message: Message, poll: Poll) -> None:
        """Remembers who made a poll: that bot hears of votes."""
        self.polls[poll.id] = (bot, message)


def sees(member: Member, message: Message) -> bool:
    """Whether a bot gets an update about a message: privacy mode, to the letter."""
    if message.sender.is_bot and not message.service:
        return False
    if message.sender is member.user:
        return "left_chat_member" in message.content or "pinned_message" in message.content
    if message.chat.is_private or message.service:
        return True
    return member.is_administrator or member.sees_all or concerns(member.user, message)


def concerns(bot: User, message: Message) -> bool:
    """Whether a group message is meant for `bot`: its command, a mention of it, a reply to it."""
    replied = message.chat.messages.get(message.reply_to or 0)
    if replied is not None and replied.sender is bot:
        return True
    return any(_names(bot, message, entity) for entity in message.entities)


def _names(bot: User, message: Message, entity: Json) -> bool:
    if entity["type"] == "text_mention":
        return bool(entity["user"]["id"] == bot.id)
    said = entity_text(message.text, entity).lower()
    own = f"@{bot.username}".lower()
    if entity["type"] == "mention":
        return said == own
    if entity["type"] != "bot_command" or entity["offset"] != 0:
        return False
    return said.endswith(own) if "@" in said else message.chat.last_bot == bot.id
