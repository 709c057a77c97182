"""The people of a town in a sandbox: who is there, what they do, what they have been shown."""

from collections import Counter
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from sandbox import user_side
from sandbox.errors import UserError
from sandbox.keyboards import buttons
from sandbox.methods.call import Backend
from sandbox.people import Bot, Chat, Json, Member, Message, User
from sandbox.updates import Update
from tests.people import ADDRESSES, BOT, GROUP_CHAT

TOKEN = f"{BOT.bot}:simulated-simulated-simulated"


class Cast:
    """The cast of tests/people.py. `role`: the bot's in their group."""

    def __init__(self, backend: Backend, role: str) -> None:
        self.backend = backend
        self.world = backend.world
        self.bot = self.world.add_bot(BOT.username, TOKEN, privacy=False)
        self.queue = self.world.queues[self.bot.id]
        self.pushed: dict[int, Update] = {}
        # presses that nobody took in time (150 s): gone, and never confirmed
        self.expired: set[int] = set()
        self._forget, self._expire = self.queue.forget, self.queue.expire
        self.queue.forget, self.queue.expire = self._forgotten, self._expiring
        self._pass_on = self.world.on_update
        self.world.on_update = self._pushed
        self._known = 0
        self.unheard: Counter[str] = Counter()  # by chat: carried out, and the answer lost
        self._people(role)

    def _pushed(self, bot: Bot, update: Update) -> None:
        self.pushed[update.id] = update
        self._pass_on(bot, update)

    def _forgotten(self, update_id: int) -> None:
        self._note_expired()
        self._forget(update_id)

    def _expiring(self, now: float) -> None:
        self._note_expired()
        self._expire(now)

    def _note_expired(self) -> None:
        now = self.world.now()
        pending = self.queue.pending.values()
        self.expired |= {each.id for each in pending if each.expires <= now}

    def _people(self, role: str) -> None:
        for name, address in ADDRESSES.items():
            user = User(int(address), name, language_code="en" if name == "Emily" else "zh-hans")
            self.world.users[user.id] = user
            self.world.private(user, self.bot).started = True
        self.group = Chat(int(GROUP_CHAT), "group", "快乐8号楼")
        for address in ("201", "202", "203", "101"):
            user = self.world.users[int(address)]
            self.group.members[user.id] = Member(user, "member")
        self.group.members[201].status = "creator"
        self.group.members[self.bot.id] = Member(self.bot, role)
        self.world.chats[self.group.id] = self.group

    # --- what they were shown ---

    def caller_died(self) -> None:
        """What was carried out last in each chat may not have been written down."""
        for chat in {self._now(_chat(each)) for each in self._accepted(self._known)}:
            self.unheard[chat] += 1
        self._known = self.world.calls.count

    def _accepted(self, after: int = 0) -> list[Json]:
        """The bot's calls that were carried out, whether it heard of it or not."""
        return [each for each in self.world.calls.after(after) if each["status"] == 200]

    def lost(self, chat: object) -> None:
        """Something was carried out in a chat and its answer got lost."""
        self.unheard[self._now(str(chat))] += 1

    def shown(self) -> Counter[tuple[str, str]]:
        """(chat, text) of the messages that were put into chats."""
        sent = [each for each in self._accepted() if each["method"].startswith("send")]
        return Counter((self._now(_chat(each)), words(each["params"])) for each in sent)

    def moved(self) -> dict[str, str]:
        """The groups' old numbers."""
        groups = self.world.chats.values()
        return {str(each.id): str(each.migrated_to) for each in groups if each.migrated_to}

    def _now(self, chat: str) -> str:
        """The chat's number today."""
        found = self.world.chats.get(int(chat)) if chat.lstrip("-").isdigit() else None
        return str(found.migrated_to) if found and found.migrated_to else chat

    @property
    def confirmed(self) -> list[Update]:
        """What Telegram was told to forget."""
        gone = self.queue.pending.keys() | self.expired
        return [each for key, each in self.pushed.items() if key not in gone]

    # --- what they do ---

    def act(self, action: Callable[..., Any], chat: int, **body: Any) -> Any:
        """A call of the user side; what is refused there just doesn't happen."""
        request: Any = SimpleNamespace(match_info={"id": str(chat), "mid": "0"}, query={})
        given = {"from" if key == "by" else key: value for key, value in body.items()}
        try:
            return action(user_side.Person(self.backend, request, given))
        except UserError:
            return None

    def say(self, chat: int, by: int, text: str, **more: Any) -> int | None:
        """Words in a chat; the message's number."""
        said = self.act(user_side.send, chat, by=by, text=text, **more)
        return int(said["messages"][0]["message_id"]) if said else None

    def press(self, message: Message, by: int, data: str) -> None:
        """A button; nobody waits for what it shows."""
        self.world.press(message, self.world.users[by], data)

    def pressable(self) -> list[tuple[Message, int, str]]:
        """(message, who may see it, data) of the newest buttons."""
        found = []
        for chat in [*self.world.chats.values(), *self.world.privates.values()]:
            if chat.migrated_to or chat.blocked:
                continue
            people = [chat.user.id] if chat.user else [201, 202, 203, 101]
            shown = [each for each in chat.messages.values() if each.keyboard][-4:]
            found += [
                (message, who, button["callback_data"])
                for message in shown
                for button in buttons(message.keyboard)
                if "callback_data" in button
                for who in people
            ]
        return found


def _chat(call: Json) -> str:
    return str(call["params"].get("chat_id", ""))


def words(raw: Json) -> str:
    """Text or caption of a call."""
    return str(raw.get("text") or raw.get("caption") or "")
