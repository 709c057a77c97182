"""One bot of the service: its way in, its work, its way out."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from sqlmodel import Session

from bot.account import Account
from bot.clock import Clock
from bot.config import BotAccount, Settings
from bot.deliver import Deliver
from bot.disk import Floor
from bot.dispatch import Dispatch
from bot.doors import Doors
from bot.ears import Ears
from bot.files import Copies
from bot.halts import Halts
from bot.receive import Receive
from bot.sieve import Sieve
from models import leases, outgoing
from models.database import Database


@dataclass(frozen=True, slots=True)
class House:
    """What all bots of a service share.

    `stored`: updates of a bot have come. `queued` is told which bots have something to send.
    """

    settings: Settings
    database: Database
    clock: Clock
    doors: Doors
    floor: Floor
    stored: Callable[[str], None]
    queued: Callable[[Collection[str]], None]
    holder: str


class Line:
    """The parts of one bot, put together. `place`, `secret`: where and how its webhook is."""

    def __init__(self, account: Account, house: House, given: BotAccount) -> None:
        settings, database, clock, doors = (
            house.settings,
            house.database,
            house.clock,
            house.doors,
        )
        self.me = account.me
        self.place, self.secret = given.place, given.secret
        self._database = database
        self._clock = clock
        self._holder = house.holder
        self._halts = halts = Halts(database, clock, account.me.bot)
        self.copies = Copies(account, database, clock, settings.files.folder)
        self.deliver = Deliver(
            account,
            halts,
            database,
            clock,
            settings.files.folder,
            settings.telegram.limits,
            doors,
            house.queued,
            house.holder,
        )
        self.dispatch = Dispatch(account, halts, database, clock, doors, house.queued, house.holder)
        sieve, ears = Sieve(account.me, doors.commands), Ears(account.me, database)
        stored = partial(house.stored, account.me.bot)
        self.receive = Receive(
            account, database, clock, sieve, ears, house.floor, stored, house.holder
        )

    @property
    def idle(self) -> bool:
        return self.dispatch.idle and self.deliver.idle

    def hears(self, polling: bool, since: float) -> bool:
        """Whether updates can come in. `since`: monotonic, when polling must have come round."""
        return self.receive.looked_at > since if polling else not self.receive.lost

    def wake(self) -> None:
        """There may be something new in both queues."""
        self.dispatch.wake()
        self.deliver.wake()

    def take_over(self) -> None:
        """Another process has ended: its chats are free, and perhaps nobody delivers."""
        self.dispatch.wake()
        self.deliver.take_over()

    async def beat(self) -> None:
        """Tell the other processes that this one lives; hear what Telegram has told them."""
        bot, wall = self.me.bot, self._clock.wall()

        def job(session: Session) -> datetime | None:
            leases.beat(session, bot, self._holder, wall)
            return outgoing.halted_until(session, bot, wall)

        self._halts.learn(await self._database.write(job, queue=True))

    async def leave(self) -> None:
        """Let go of everything that this process held for the bot."""
        await self._database.write(
            lambda session: leases.leave(session, self.me.bot, self._holder), queue=True
        )
