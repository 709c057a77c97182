"""What is for us. Everything else is dropped here, in memory, before anything touches a disk."""

from collections import OrderedDict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

from domain.reading.hearing import Heard
from handlers.updates import (
    Me,
    Message,
    Update,
    bare,
    command_of,
    is_anonymous_admin,
    is_command,
    is_reply_to_us,
    mentions,
    words_of,
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

    def pass_through(
        self, updates: Sequence[Update], now: datetime, heard: Mapping[int, Heard] | None = None
    ) -> list[Update]:
        """Those of a batch that are for us, in their order.

        `heard`: of `chatter`, by update, what is to be asked about; it goes on without its words.
        """
        for update in updates:
            self._remember_album(update.message, now)
        found = heard or {}
        passed = []
        for update in updates:
            if self._wanted(update):
                update.heard = None
                passed.append(update)
            elif update.update_id in found:
                passed.append(bare(update, found[update.update_id]))
        return passed

    def chatter(self, updates: Sequence[Update]) -> list[Update]:
        """What people say to each other in groups: to be read only where a group listens.

        What is passed on, commands to other bots, and what is said in the group's own name or a
        channel's isn't somebody's report.
        """
        return [update for update in updates if self._is_chatter(update)]

    def _is_chatter(self, update: Update) -> bool:
        message = update.message
        if message is None or message.sender is None or message.sender.is_bot:
            return False
        if message.sender_chat is not None or message.forward_origin is not None:
            return False
        if message.chat.type not in ("group", "supergroup") or is_command(message):
            return False
        return bool(words_of(update)) and not self._wanted(update)

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
