"""One bot's account on the platform, as the rest of the service calls it."""

import os
from dataclasses import dataclass
from typing import Any

from telegram import Bot
from telegram.error import InvalidToken

from bot import trial
from bot.cannot import Cannot
from bot.transport import Transport
from handlers.updates import Me

# python-telegram-bot then gives the seconds of a 429 as it will from its next release on
os.environ.setdefault("PTB_TIMEDELTA", "1")


class Client(Bot):
    """The library's bot, with raw results: typed ones cost ten times as much."""

    def __repr__(self) -> str:
        """Without the token, which the library would show."""
        return f"{type(self).__name__}[{self.token.partition(':')[0]}]"

    async def raw(self, method: str, params: dict[str, Any], seconds: float | None) -> Any:
        """A method's result as it came. Raises TelegramError."""
        given = {} if seconds is None else {"read_timeout": seconds}
        return await self._post(method, params, **given)  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class Account:
    """Who we are (`me`) and how to call the Bot API."""

    me: Me
    client: Client

    async def call(
        self, method: str, params: dict[str, Any] | None = None, seconds: float | None = None
    ) -> Any:
        """A method's raw result. `seconds`: how long to wait for it. Raises TelegramError.

        What is for the trial resident is answered here: nobody at Telegram has such an address.
        """
        found = trial.answer(method, params or {})
        if found is not None:
            return found
        return await self.client.raw(method, dict(params or {}), seconds)


async def log_in(token: str, base_url: str, transport: Transport) -> Account:
    """Ask whose the token is. Raises Cannot for a wrong one, TelegramError for the network."""
    client = Client(token, base_url=base_url, request=transport, get_updates_request=transport)
    try:
        found = await Account(Me("", ""), client).call("getMe")
    except InvalidToken:
        raise Cannot(
            "Telegram refuses telegram.token: copy it again from @BotFather, or ask there for a "
            "new one with /revoke."
        ) from None
    return Account(Me(str(found["id"]), str(found["username"])), client)
