"""Many residents and a few workers who act by themselves, only over the sandbox's user side.

Residents report, say whether it is settled and give stars, some of them "not yet". Workers take,
arrive, finish with a photo or a preset note. Some do nothing, as in life.
"""

import asyncio
import random
from collections import defaultdict
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from bot.demo.actors import Json, Side, from_bot, labels, number_in, picture
from services.texts import LANGUAGES, plain

# how far a worker goes with a case, and how often
STEPS = ("btn.take", "btn.arrive", "btn.done")
FAR = (0, 1, 2, 3)
DILIGENCE = (0.3, 0.15, 0.15, 0.4)
SETTLED, NOT_YET = 0.7, 0.1  # of those who are asked; the rest say nothing
RATES = 0.6
PATIENCE = 30.0  # seconds that an actor waits for the next card

Message = tuple[int, int]  # chat and number


@dataclass(frozen=True, slots=True)
class Told:
    """A text that somebody sent."""

    text: str
    user: int
    at: Message


@dataclass
class Card:
    """The newest message about a case in one chat."""

    message: Json
    changed: asyncio.Event = field(default_factory=asyncio.Event)


def keys_of(message: Json) -> dict[str, str]:
    """The data of each button by the key of its text, whatever the language."""
    return {_KEYS[label]: data for label, data in labels(message).items() if label in _KEYS}


_KEYS = {
    plain(key, language): key
    for language in LANGUAGES
    for key in (*STEPS, "btn.settled", "note.fixed", "btn.publish")
} | {"★" * n: f"stars.{n}" for n in range(1, 6)}

_ASKS = {
    plain(key, language): key
    for language in LANGUAGES
    for key in ("work.send_photo_short", "work.send_note_short")
}


class Crowd:
    """Everybody who acts by themselves in a replay. `seed` makes the run repeatable."""

    def __init__(self, side: Side, seed: int = 1) -> None:
        self.side = side
        self.told: dict[Message, Told] = {}
        self.answered: dict[Message, str] = {}
        self.presses = 0
        self.workers: set[int] = set()
        self._random = random.Random(seed)  # noqa: S311 - chance, not secrecy
        self._cards: dict[int, dict[str, Card]] = defaultdict(dict)
        self._work: dict[int, asyncio.Queue[str]] = {}
        self._seen: set[tuple[int, str]] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._room = asyncio.Semaphore(1)
        self._photo = picture(bright=True)

    @asynccontextmanager
    async def acting(self, http: aiohttp.ClientSession, live: str) -> AsyncIterator[None]:
        """Everybody watches and acts while the block runs. `live`: the sandbox's event stream."""
        async with http.ws_connect(live, max_msg_size=0, heartbeat=20) as socket:
            reader = asyncio.create_task(self._watch(socket))
            hands = [asyncio.create_task(self._work_through(user)) for user in self.workers]
            try:
                yield
            finally:
                for task in (reader, *hands, *self._tasks):
                    task.cancel()
                    with suppress(asyncio.CancelledError):
                        await task

    # --- reporting ---

    async def report(
        self, places: Sequence[tuple[int, int]], texts: Sequence[str], room: int, pace: float
    ) -> None:
        """Send each text from the next (chat, user) in turn, `pace` a minute (0: no pause).

        At most `room` wait for an answer at the same time.
        """
        self._room = asyncio.Semaphore(room)
        for number, text in enumerate(texts):
            await self._room.acquire()
            chat, user = places[number % len(places)]
            await self.tell(chat, user, text)
            await asyncio.sleep(60 / pace if pace else 0)

    async def tell(self, chat: int, user: int, text: str) -> None:
        """`/report` and the text."""
        said = await self.side.say(chat, user, f"/report {text}")
        told = Told(text, user, (chat, said))
        self.told[told.at] = told

    @property
    def unanswered(self) -> int:
        """How many texts have not shown a number yet."""
        return len(self.told.keys() - self.answered.keys())

    @property
    def busy(self) -> bool:
        """Whether somebody still has something to do."""
        return bool(self._tasks) or any(not each.empty() for each in self._work.values())

    # --- watching ---

    async def _watch(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        async for frame in socket:
            event = frame.json()
            if event.get("type") == "event" and from_bot(event["message"]):
                self._notice(int(event["chat"]), event["message"])

    def _notice(self, chat: int, message: Json) -> None:
        number = number_in(message)
        if number is None:
            return
        self._note_answer(chat, message, number)
        found = keys_of(message)
        if chat in self.workers:
            self._to_worker(chat, message, number, found)
        elif "btn.settled" in found or "stars.5" in found:
            self._to_reporter(chat, message, number, found)

    def _note_answer(self, chat: int, message: Json, number: str) -> None:
        source = message.get("reply_to_message", {}).get("message_id")
        at = (chat, source)
        if source is None or at in self.answered or not self._ours(message):
            return
        self.answered[at] = number
        self._room.release()

    def _ours(self, message: Json) -> bool:
        return not message.get("reply_to_message", {}).get("from", {}).get("is_bot")

    def _to_worker(self, chat: int, message: Json, number: str, found: dict[str, str]) -> None:
        known = self._cards[chat].get(number)
        same = known is not None and known.message["message_id"] == message["message_id"]
        if not same and not found.keys() & set(STEPS):
            return
        card = self._cards[chat].setdefault(number, Card(message))
        card.message = message
        card.changed.set()
        if "btn.take" in found and (chat, number) not in self._seen:
            self._seen.add((chat, number))
            self._work[chat].put_nowait(number)

    def _to_reporter(self, chat: int, message: Json, number: str, found: dict[str, str]) -> None:
        told = self.told.get((chat, message.get("reply_to_message", {}).get("message_id")))
        user = told.user if told else chat
        key = f"{message['message_id']}:{'stars' if 'stars.5' in found else 'settled'}"
        if user < 0 or (chat, key) in self._seen:
            return
        self._seen.add((chat, key))
        self._spawn(self._answer(chat, user, message, found))

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # --- residents ---

    async def _answer(self, chat: int, user: int, message: Json, found: dict[str, str]) -> None:
        data = self._verdict(message, found)
        if data is not None:
            await self._press(chat, user, message, data)

    def _verdict(self, message: Json, found: dict[str, str]) -> str | None:
        luck = self._random.random()
        if "stars.5" in found:
            stars = self._random.choices((1, 2, 3, 4, 5), (1, 1, 2, 6, 10))[0]
            return found[f"stars.{stars}"] if luck < RATES else None
        if luck < SETTLED:
            return found["btn.settled"]
        others = [data for data in labels(message).values() if data != found["btn.settled"]]
        return others[0] if luck < SETTLED + NOT_YET and others else None

    # --- workers ---

    def employ(self, user: int) -> None:
        """This person of the staff handles what reaches them."""
        self.workers.add(user)
        self._work[user] = asyncio.Queue()

    async def _work_through(self, user: int) -> None:
        while True:
            number = await self._work[user].get()
            far = self._random.choices(FAR, DILIGENCE)[0]
            for key in STEPS[:far]:
                if not await self._step(user, number, key):
                    break

    async def _step(self, user: int, number: str, key: str) -> bool:
        """Press one button of the case's card; False if it doesn't come or is refused."""
        data = await self._button(user, number, key)
        if data is None:
            return False
        card = self._cards[user][number]
        card.changed.clear()
        shown = await self._press(user, user, card.message, data)
        wanted = _ASKS.get(shown.get("text", ""))
        if wanted == "work.send_photo_short":
            await self.side.photo(user, user, self._photo)
        elif wanted == "work.send_note_short":
            await self.side.say(user, user, plain("note.fixed"))
        return not shown.get("show_alert") and await self._changed(card)

    async def _button(self, user: int, number: str, key: str) -> str | None:
        """The button's data, as soon as the card has it."""
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE):
                card = self._cards[user][number]
                while (data := keys_of(card.message).get(key)) is None:
                    card.changed.clear()
                    await card.changed.wait()
                return data
        return None

    async def _changed(self, card: Card) -> bool:
        """The card shows what the press did; False if it never does."""
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE):
                await card.changed.wait()
                return True
        return False

    async def _press(self, chat: int, user: int, message: Json, data: str) -> Json:
        self.presses += 1
        return await self.side.press(chat, user, message["message_id"], data)
