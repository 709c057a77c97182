"""The people of a simulated town: they report, press, work, chat, block and make trouble."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING

from sandbox import user_side
from sandbox.people import Message
from tests.chaos.cast import Cast
from tests.chaos.store import Dice
from tests.people import BOT

if TYPE_CHECKING:
    from tests.chaos.sim import Run

POISON, SLOW = "毒", "慢"
RESIDENTS = (201, 202, 203)
STAFF = (101, 102, 103, 104)
WHERE = ("3号楼", "8号楼2单元", "小区门口", "停车场", "湖边")
WHAT = ("楼道灯坏了", "垃圾没人清", "下水道堵了", "有人乱停车", "煤气味很大", "电梯坏了")
# these make two cases of one text, or take one away: what is counted would not be known
NOT_PRESSED = ("apart", "file_it", "forget", "home", "join", "revoke")
STEPS = 20
PAUSE = (0.0, 4.0)
WEIGHTS = {
    "report": 6, "press": 9, "again": 1, "chat": 1, "private": 1, "edit": 1, "stale": 1,
    "poison": 0.5, "slow": 0.25, "block": 0.4, "migrate": 0.25, "disturb": 1.5, "renumber": 0.5,
    "jump": 1, "skew": 0.5, "to_the_next": 1.5, "kill": 0.7, "flood": 0.25, "photo": 0.7,
}  # fmt: skip


class Players:
    """Everybody's next step is for the dice."""

    def __init__(self, telegram: Cast, dice: Dice, note: Callable[..., None]) -> None:
        self.telegram, self.dice, self.note = telegram, dice, note
        self.reports: list[str] = []
        self.said_again: set[str] = set()
        self.old: list[tuple[Message, int, str]] = []

    async def play(self, run: "Run") -> None:
        weights = {step: n for step, n in WEIGHTS.items() if step not in run.without}
        for _ in range(STEPS):
            await asyncio.sleep(self.dice.seconds(*PAUSE))
            step = self.dice.random.choices(list(weights), list(weights.values()))[0]
            self.note("step", step)
            await getattr(self, step)(run)

    @property
    def group(self) -> int:
        return self.telegram.group.id

    def _one(self, of: tuple[int, ...]) -> int:
        return self.dice.random.choice(of)

    def _words(self) -> str:
        pick = self.dice.random.choice
        return f"{pick(WHERE)}{pick(WHAT)}，第{len(self.reports)}件"

    # --- in the chats ---

    async def report(self, _run: "Run") -> None:
        self.say_report(self._one(RESIDENTS))

    def say_report(self, who: int) -> str | None:
        """New words in the group; None if they can't write there."""
        text = self._words()
        if self.telegram.say(self.group, who, f"/report@{BOT.username} {text}") is None:
            return None
        self.reports.append(text)
        return text

    async def again(self, _run: "Run") -> None:
        """The same words from somebody else: one more voice, or a case of its own if it is done."""
        if self.reports:
            text = self.dice.random.choice(self.reports)
            said = self.telegram.say(self.group, 203, f"/report@{BOT.username} {text}")
            self.said_again |= {text} if said else set()

    async def flood(self, _run: "Run") -> None:
        """One person who can't stop, while others need something."""
        for n in range(12):
            self.telegram.say(202, 202, f"/help {n}")

    async def poison(self, _run: "Run") -> None:
        self.telegram.say(203, 203, POISON)

    async def slow(self, _run: "Run") -> None:
        self.telegram.say(203, 203, SLOW)

    async def chat(self, _run: "Run") -> None:
        self.telegram.say(self.group, self._one(RESIDENTS), "今天天气不错")

    async def private(self, _run: "Run") -> None:
        who = self._one(RESIDENTS + STAFF)
        self.telegram.say(who, who, self.dice.random.choice(("/mine", "/list", "/help", "谢谢")))

    async def photo(self, _run: "Run") -> None:
        who = self._one(STAFF)
        content = {"base64": "/9j/4AAQSkZJRg==", "name": "p.jpg", "mime": "image/jpeg"}
        self.telegram.act(user_side.send, who, by=who, photo=content)

    async def edit(self, _run: "Run") -> None:
        """An edited chatter message; editing a report would rename what is counted."""
        who = self._one(RESIDENTS)
        said = self.telegram.say(who, who, "/help")
        if said is not None:
            message = self.telegram.world.private(
                self.telegram.world.users[who], self.telegram.bot
            ).messages[said]
            self.telegram.world.edited(message)

    async def press(self, _run: "Run") -> None:
        """Any button that somebody can see; sometimes twice at once."""
        found = [each for each in self.telegram.pressable() if _harmless(each[2])]
        if not found:
            return
        message, who, data = self.dice.random.choice(found)
        self.note("press", data.partition("~")[0])
        self.old.append((message, who, data))
        for _ in range(self.dice.count(2)):
            self.telegram.press(message, who, data)

    async def stale(self, _run: "Run") -> None:
        """A button from earlier, or one that belongs to somebody else, or to nobody."""
        if not self.old:
            return
        message, _, data = self.dice.random.choice(self.old)
        forged = data[:-2] + "zz" if self.dice.random.random() < 0.3 else data
        self.telegram.press(message, self._one(RESIDENTS + STAFF), forged)

    async def block(self, _run: "Run") -> None:
        """Somebody blocks the bot, or lets it write again."""
        who = self._one((*RESIDENTS, 101, 102))
        chat = self.telegram.world.private(self.telegram.world.users[who], self.telegram.bot)
        self.telegram.world.set_blocked(chat, not chat.blocked)

    async def migrate(self, _run: "Run") -> None:
        if self.telegram.group.type == "group":
            self.telegram.group = self.telegram.world.migrate(self.telegram.group)

    # --- around them ---

    async def disturb(self, _run: "Run") -> None:
        self.telegram.disturb()

    async def renumber(self, _run: "Run") -> None:
        self.telegram.renumber()

    async def jump(self, run: "Run") -> None:
        """The service's time is suddenly later: an outage, a sleeping machine."""
        run.clock.shift(timedelta(minutes=self.dice.random.choice((1, 20, 90, 600, 4000))))

    async def skew(self, run: "Run") -> None:
        """The machine's clock is corrected, forwards or back."""
        run.clock.skew += timedelta(seconds=self.dice.random.choice((-3600, -30, 30, 3600)))

    async def to_the_next(self, run: "Run") -> None:
        """To just before something is due, to see that it comes in time."""
        at = run.next_due()
        if at is not None and at > run.clock.now() + timedelta(seconds=2):
            run.clock.set(at - timedelta(seconds=1))

    async def kill(self, run: "Run") -> None:
        run.die()

    def counted(self) -> list[str]:
        """Reports of which each must be one case."""
        return [text for text in self.reports if text not in self.said_again]


def _harmless(data: str) -> bool:
    return data.partition("~")[0] not in NOT_PRESSED
