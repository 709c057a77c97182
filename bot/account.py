"""One bot's account on the platform, as the rest of the service calls it."""

import warnings
from dataclasses import dataclass
from typing import Any

from telegram import Bot
from telegram.error import EndPointNotFound, InvalidToken
from telegram.warnings import PTBUserWarning

from bot.cannot import Cannot
from bot.transport import Transport
from handlers.updates import Me

# raw calls are on purpose: typed ones cost ten times as much, and we read two fields
warnings.filterwarnings("ignore", message="Please use 'Bot", category=PTBUserWarning)


@dataclass(frozen=True, slots=True)
class Account:
    """Who we are (`me`) and how to call the Bot API."""

    me: Me
    bot: Bot

    async def call(
        self, method: str, params: dict[str, Any] | None = None, seconds: float | None = None
    ) -> Any:
        """A method's raw result. `seconds`: how long to wait for it. Raises TelegramError."""
        given = {} if seconds is None else {"read_timeout": seconds}
        return await self.bot.do_api_request(method, params, **given)  # type: ignore[arg-type]


async def log_in(token: str, base_url: str, transport: Transport) -> Account:
    """Ask whose the token is. Raises Cannot for a wrong one, TelegramError for the network."""
    bot = Bot(token, base_url=base_url, request=transport, get_updates_request=transport)
    try:
        found = await Account(Me("", ""), bot).call("getMe")
    except (InvalidToken, EndPointNotFound):
        raise Cannot(
            "Telegram refuses telegram.token: copy it again from @BotFather, or ask there for a "
            "new one with /revoke."
        ) from None
    return Account(Me(str(found["id"]), str(found["username"])), bot)
