"""What is for us. Everything else is dropped here, in memory, before anything touches a disk."""

from collections import OrderedDict
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from handlers.updates import (
    Me,
    Message,
    Update,
    command_of,
    is_anonymous_admin,
    is_reply_to_us,
    mentions,
)

# the items of an album come one by one, within seconds
ALBUM_LIFE = timedelta(minutes=5)
ALBUMS = 10_000


class Sieve:
    """Lets through what addresses one bot.

    `commands`: those that count in a group without the bot's name (None: any).
    """

    def __init__(
        self,
        me: Me,
        commands: Collection[str] | None = None,
    ) -> None:
        self._me = me
        self._commands = commands
        self._albums: OrderedDict[str, datetime] = OrderedDict()

    def pass_through(self, updates: Sequence[Update], now: datetime) -> list[Update]:
        """Those of a batch that are for us, in their order."""
        for update in updates:
            self._remember_album(update.message, now)
        return [update for update in updates if self._wanted(update)]

    def _wanted(self, update: Update) -> bool:
        if update.callback_query:
            query = update.callback_query
            return query.message is not None and not query.sender.is_bot
        if update.my_chat_member:
            return update.my_chat_member.chat.type != "channel"
        message = update.message or update.edited_message
        if message is None:
            return False
        if message.migrate_to_chat_id or message.migrate_from_chat_id:
            return True
        return self._from_a_person(message) and (
            message.chat.type == "private" or self._addressed(message) or self._in_album(message)
        )

    def _from_a_person(self, message: Message) -> bool:
        if message.sender is None:
            return False
        return is_anonymous_admin(message) or not message.sender.is_bot

    def _addressed(self, message: Message) -> bool:
        if message.chat.type not in ("group", "supergroup"):
            return False
        if is_reply_to_us(message, self._me) or any(mentions(message, self._me)):
            return True
        command = command_of(message, self._me)
        if command is not None:
            return self._commands is None or command in self._commands
        return False

    def _remember_album(self, message: Message | None, now: datetime) -> None:
        while self._albums and next(iter(self._albums.values())) < now - ALBUM_LIFE:
            self._albums.popitem(last=False)
        if message is None or message.media_group_id is None:
            return
        if self._from_a_person(message) and self._addressed(message):
            self._albums[self._album(message)] = now
            if len(self._albums) > ALBUMS:
                self._albums.popitem(last=False)

    def _in_album(self, message: Message) -> bool:
        return message.media_group_id is not None and self._album(message) in self._albums

    def _album(self, message: Message) -> str:
        return f"{message.chat.id}/{message.media_group_id}"
