"""Listening in groups whose administrator wants it: chatter is read in memory and let go of."""

import asyncio
import time
from collections.abc import Mapping, Sequence

from domain.reading.hearing import Heard
from handlers.updates import Me, Update, chat_of, words_of
from models.database import Database
from services import listening
from services.listening import Ear

# for so long a group that has just turned listening on may go unheard; off counts at once
KNOWN_SECONDS = 1.0


class Ears:
    """One bot's. Nothing that is read here is stored or logged by this room."""

    def __init__(self, me: Me, database: Database) -> None:
        self._me = me
        self._database = database
        self._chats: frozenset[str] = frozenset()
        self._known_until = 0.0

    async def hear(self, said: Sequence[Update]) -> Mapping[int, Heard]:
        """Those among messages in groups that are to be asked about, by update.

        Reading is done beside the loop. Raises Unavailable.
        """
        if not said:
            return {}
        here = await self._listening()
        spoken = [(chat_of(each) or "", each) for each in said]
        spoken = [(chat, each) for chat, each in spoken if chat in here]
        if not spoken:
            return {}
        bot, platform = self._me.bot, self._me.platform
        among = {chat for chat, _ in spoken}
        ears = await self._database.read(
            lambda session: listening.ears(session, bot, platform, among)
        )
        # what is on the list of a second ago may be off by now
        spoken = [(chat, each) for chat, each in spoken if chat in ears]
        return await asyncio.to_thread(_hear, ears, spoken) if spoken else {}

    async def _listening(self) -> frozenset[str]:
        """The chats that listen, as of a moment ago: most groups don't, and theirs cost nothing."""
        if time.monotonic() >= self._known_until:
            bot, platform = self._me.bot, self._me.platform
            self._chats = await self._database.read(
                lambda session: listening.chats(session, bot, platform)
            )
            self._known_until = time.monotonic() + KNOWN_SECONDS
        return self._chats


def _hear(ears: Mapping[str, Ear], spoken: Sequence[tuple[str, Update]]) -> Mapping[int, Heard]:
    found = ((each.update_id, ears[chat].hear(words_of(each))) for chat, each in spoken)
    return {number: heard for number, heard in found if heard is not None}
