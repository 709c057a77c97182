"""The platform's side: whose token, which webhook, what the bot may do where."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from sqlmodel import Session, col, select
from telegram.error import TelegramError

from bot.account import Account, log_in
from bot.cannot import Cannot
from bot.config import BotAccount, Settings, accounts_of
from bot.doctor.finding import Finding, bad, good, mind, span
from bot.receive import ALLOWED
from bot.transport import Transport
from models import Group

SECONDS = 5.0
AT_ONCE = 5
PORTS = {443, 80, 88, 8443}
RECENT = timedelta(minutes=30)
MANY = 100
ELSEWHERE = (
    "If that wasn't you, somebody else has the token: get a new one from @BotFather with /revoke; "
    "then start `linli run --take-over`, which sets its own way."
)


@dataclass(frozen=True, slots=True)
class Place:
    """A bound group, as its finding names it."""

    grid: str
    chat: str


def places(session: Session) -> list[tuple[str, Place]]:
    """(bot, group) of every group that is bound."""
    query = select(Group.bot, Group.grid, Group.chat).where(col(Group.ended_at).is_(None))
    rows = session.exec(query.order_by(col(Group.grid), col(Group.chat)))
    return [(bot, Place(grid, chat)) for bot, grid, chat in rows]


async def telegram(
    settings: Settings, groups: Sequence[tuple[str, Place]], most: int
) -> list[Finding]:
    """Everything that Telegram can be asked, of each bot. `most`: groups to ask about."""
    try:
        accounts = accounts_of(settings)
    except Cannot as error:
        return [_said("token", error)]
    transport = Transport()
    try:
        each = [await _bot(given, settings, groups, most, transport) for given in accounts]
    finally:
        await transport.shutdown()
    return [line for lines in each for line in lines]


async def _bot(
    given: BotAccount,
    settings: Settings,
    groups: Sequence[tuple[str, Place]],
    most: int,
    transport: Transport,
) -> list[Finding]:
    try:
        async with asyncio.timeout(SECONDS):
            account = await log_in(given.token, settings.telegram.base_url, transport)
        url = settings.telegram.webhook_url
        wanted = url.rstrip("/") + given.place if url else ""
        found = await _account(account, wanted, groups, most)
    except Cannot as error:
        found = [_said("token", error)]
    except (TelegramError, TimeoutError) as error:
        found = [_unreachable(settings, error)]
    # of several bots it must be clear which one is meant
    several = f" of bot {given.token.partition(':')[0]}" if settings.telegram.bots else ""
    return [replace(each, about=each.about + several) for each in found]


def _said(about: str, error: Cannot) -> Finding:
    said, _, cure = str(error).partition(": ")
    return bad(about, said, cure[:1].upper() + cure[1:])


def _unreachable(settings: Settings, error: Exception) -> Finding:
    host = urlsplit(settings.telegram.base_url).hostname
    said = f"{host} can't be reached ({type(error).__name__})"
    return bad("telegram", said, "Check network, name service and firewall; the service waits.")


async def _account(
    account: Account, wanted: str, groups: Sequence[tuple[str, Place]], most: int
) -> list[Finding]:
    me, hook = await asyncio.gather(
        account.call("getMe", seconds=SECONDS), account.call("getWebhookInfo", seconds=SECONDS)
    )
    ours = [place for bot, place in groups if bot == account.me.bot]
    return [
        good("token", f"@{me['username']} ({me['id']})"),
        *webhook(hook, wanted, datetime.now(UTC)),
        privacy(me),
        *await _groups(account, ours, most),
    ]


def privacy(me: dict[str, Any]) -> Finding:
    """Whether Telegram keeps from the bot what isn't addressed to it."""
    if not me.get("can_read_all_group_messages"):
        return good("privacy mode", "on: groups' own talk doesn't reach the bot")
    cure = "@BotFather /setprivacy, Enable; then take the bot out of each group and add it again."
    return mind("privacy mode", "off: every message of a group reaches the bot's memory", cure)


def webhook(hook: dict[str, Any], wanted: str, now: datetime) -> list[Finding]:
    """What Telegram says of the webhook. `wanted`: where we would have it, or "" for polling."""
    url, pending = hook.get("url", ""), hook.get("pending_update_count", 0)
    found = [_set_by(url, wanted)]
    if wanted:
        found += _address(wanted, hook)
    if pending > MANY:
        cure = "See whether `linli run` runs and can write: Telegram keeps updates for 24 hours."
        found.append(mind("updates at Telegram", f"{pending} wait there", cure))
    return found + _last_error(hook, now)


def _set_by(url: str, wanted: str) -> Finding:
    if url == wanted:
        return good("webhook", f"set to {_host(url)}, by us" if url else "none: we poll")
    if not url:
        return bad("webhook", "telegram.webhook_url is not set at Telegram", "Start `linli run`.")
    how = "sends updates elsewhere" if wanted else "and we poll, so nothing arrives"
    return bad("webhook", f"somebody set it to {_host(url)}, {how}", ELSEWHERE)


def _host(url: str) -> str:
    """Where a webhook leads, without its path, which may be somebody's secret."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


def _address(wanted: str, hook: dict[str, Any]) -> list[Finding]:
    """Telegram's rules for an address, and what it was asked to send there."""
    parts, found = urlsplit(wanted), []
    if parts.scheme != "https" or (parts.port or 443) not in PORTS:
        cure = "Telegram takes https on port 443, 80, 88 or 8443, with a certificate it can check."
        found.append(bad("webhook address", _host(wanted), cure))
    allowed = hook.get("allowed_updates")
    if hook.get("url") == wanted and allowed is not None and set(allowed) != set(ALLOWED):
        said = "Telegram sends other kinds of updates than we asked for"
        found.append(bad("webhook updates", said, "Start `linli run` again, which asks anew."))
    return found


def _last_error(hook: dict[str, Any], now: datetime) -> list[Finding]:
    stamp = hook.get("last_error_date") or hook.get("last_synchronization_error_date")
    if not stamp:
        return []
    ago = now - datetime.fromtimestamp(stamp, UTC)
    said = f"{span(ago)} ago: {hook.get('last_error_message', 'Telegram could not reach us')}"
    cure = "Open the address from outside: its certificate, the proxy before it, then our log."
    return [bad("webhook error", said, cure)] if ago < RECENT else [good("webhook error", said)]


async def _groups(account: Account, ours: Sequence[Place], most: int) -> list[Finding]:
    """Our standing in each bound group, a few at a time."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(place: Place) -> Finding | None:
        async with gate:
            return await _group(account, place)

    asked = list(ours[:most])
    found = [each for each in await asyncio.gather(*map(one, asked)) if each is not None]
    left = f", {len(ours) - len(asked)} not asked about" if len(ours) > len(asked) else ""
    said = f"{len(asked) - len(found)} of {len(asked)} bound groups are as they should be{left}"
    return [*found, good("groups", said)]


async def _group(account: Account, place: Place) -> Finding | None:
    ids = {"chat_id": place.chat, "user_id": account.me.bot}
    try:
        member, chat = await asyncio.gather(
            account.call("getChatMember", ids, SECONDS),
            account.call("getChat", {"chat_id": place.chat}, SECONDS),
        )
    except TelegramError as error:
        cure = "Add the bot again and bind the group with a new code (`linli bindcode`)."
        return bad(f"group of {place.grid}", error.message, cure)
    return group(place, member, chat.get("permissions", {}))


def group(place: Place, member: dict[str, Any], permissions: dict[str, Any]) -> Finding | None:
    """What is wrong in one group, or None. `permissions`: what every member may do there."""
    about, status = f"group of {place.grid}", member["status"]
    if status in ("left", "kicked"):
        cure = "Add the bot again and bind the group with a new code (`linli bindcode`)."
        return bad(about, "the bot is not in it any more", cure)
    muted = status == "restricted" and not member.get("can_send_messages", False)
    if muted or (status == "member" and not permissions.get("can_send_messages", True)):
        return bad(about, "the bot may not write", "Let members write, or make it administrator.")
    pins = status == "creator" or member.get("can_pin_messages")
    if not pins and not permissions.get("can_pin_messages"):
        cure = "Make it administrator with the right to pin, so that its card stays in sight."
        return mind(about, f"the bot is {status} and may not pin", cure)
    return None


async def platform_time(settings: Settings) -> datetime | None:
    """What the Bot API server's clock says, or None if it can't be asked.

    Asked at its front door: the token stays out of it.
    """
    parts = urlsplit(settings.telegram.base_url)
    limit = aiohttp.ClientTimeout(total=SECONDS)
    try:
        async with (
            aiohttp.ClientSession(timeout=limit) as http,
            http.head(f"{parts.scheme}://{parts.netloc}/", allow_redirects=False) as answer,
        ):
            return parsedate_to_datetime(answer.headers["Date"]).astimezone(UTC)
    except (aiohttp.ClientError, OSError, TimeoutError, KeyError, ValueError):
        return None
