"""The platform's raw updates as the chat door's events. Only the fields that we use are read,
and nothing else of an update is ever kept.

Rubbish is None: nobody can make this module raise.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any

import msgspec

from domain.reading.hearing import Heard
from handlers.turn import (
    Event,
    File,
    Membership,
    Migrated,
    Overheard,
    Press,
    Quoted,
    Said,
    Sender,
)
from services.buttons import parse
from services.listening import BUTTON
from services.outbox import Address

PRESENT = {"member", "administrator", "creator"}
# keys of message ids and the like are numbers there and text here; the description promises at
# most 52 bits, and what no database column takes must not come further than this
MOST = 1 << 53
Number = Annotated[int, msgspec.Meta(ge=-MOST, le=MOST)]
Size = Annotated[int, msgspec.Meta(ge=0, le=MOST)]


class _Struct(msgspec.Struct, omit_defaults=True):
    pass


class User(_Struct):
    """Who acts. Telegram's own: id, is_bot, names, language."""

    id: Number
    is_bot: bool = False
    first_name: str = ""
    last_name: str = ""
    username: str | None = None
    language_code: str | None = None


class Chat(_Struct):
    id: Number
    type: str = ""
    title: str = ""


class Named(_Struct):
    """Somebody whom a text names without a username; their name is not ours to keep."""

    id: Number
    is_bot: bool = False


class Entity(_Struct):
    """A stretch of a text; offset and length count UTF-16 units."""

    type: str
    offset: Number
    length: Number
    user: Named | None = None

    def __post_init__(self) -> None:
        # it matters only whether it is our bot: a person's number is not ours to keep either
        if self.user is not None and not self.user.is_bot:
            self.user = None


class Media(_Struct):
    file_id: str
    file_unique_id: str
    file_size: Size | None = None
    mime_type: str | None = None
    file_name: str | None = None


class Location(_Struct):
    latitude: float
    longitude: float


class Venue(_Struct):
    location: Location


class Contact(_Struct):
    phone_number: str
    user_id: Number | None = None


class Origin(_Struct):
    type: str = ""


class Message(_Struct, rename={"sender": "from"}):
    message_id: Number
    chat: Chat
    date: Number = 0
    sender: User | None = None
    sender_chat: Chat | None = None
    text: str = ""
    caption: str = ""
    entities: list[Entity] = []
    caption_entities: list[Entity] = []
    media_group_id: str | None = None
    photo: list[Media] = []
    voice: Media | None = None
    audio: Media | None = None
    document: Media | None = None
    video: Media | None = None
    video_note: Media | None = None
    sticker: Media | None = None
    location: Location | None = None
    venue: Venue | None = None
    contact: Contact | None = None
    forward_origin: Origin | None = None
    reply_to_message: "Message | None" = None
    migrate_to_chat_id: Number | None = None
    migrate_from_chat_id: Number | None = None


class Pressed(_Struct):
    """Where a button stands. What stands there is ours, and what it answers is somebody's: neither
    is kept, unless the button is the one that reports what it answers."""

    message_id: Number
    chat: Chat
    reply_to_message: Message | None = None


class Callback(_Struct, rename={"sender": "from"}):
    id: str
    sender: User
    message: Pressed | None = None
    data: str = ""

    def __post_init__(self) -> None:
        pressed = parse(self.data)
        if self.message is not None and (pressed is None or pressed.verb != BUTTON):
            self.message.reply_to_message = None


class Member(_Struct):
    status: str
    is_member: bool = False
    can_delete_messages: bool = False


class MemberUpdate(_Struct, rename={"sender": "from"}):
    chat: Chat
    sender: User
    new_chat_member: Member


class _Numbered(_Struct):
    update_id: Number


class Update(_Struct):
    """One update; at most one of the rest is there.

    `heard`: our own word, of a message that nobody addressed to the bot; the sieve says it.
    """

    update_id: Number
    heard: Heard | None = None
    message: Message | None = None
    edited_message: Message | None = None
    callback_query: Callback | None = None
    my_chat_member: MemberUpdate | None = None


@dataclass(frozen=True, slots=True)
class Me:
    """Which of our bots an update came to. `bot`: its id; `username` without the @."""

    bot: str
    username: str
    platform: str = "telegram"


def decode(raw: Any) -> Update | None:
    """An update from JSON bytes, or from what a JSON reader made of them; None for rubbish."""
    try:
        if isinstance(raw, (bytes, bytearray, str)):
            return msgspec.json.decode(raw, type=Update)
        return msgspec.convert(raw, type=Update)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None


def number_of(raw: bytes) -> int | None:
    """The number of an update that says something we can't read; None if it is no update."""
    try:
        return msgspec.json.decode(raw, type=_Numbered).update_id
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None


def kept(update: Update) -> dict[str, Any]:
    """What is stored of an update: the fields that we use, in letters that databases take."""
    built: dict[str, Any] = _storable(msgspec.to_builtins(update))
    return built


def _storable(value: Any) -> Any:
    """Without NUL and half pairs of UTF-16, which PostgreSQL refuses."""
    if isinstance(value, str):
        return value.replace("\0", "").encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return {key: _storable(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_storable(each) for each in value]
    return value


def read(raw: Any, me: Me) -> Event | None:
    """The event in a raw update (JSON bytes or dict), or None if it says nothing to us."""
    update = decode(raw)
    return event(update, me) if update else None


def event(update: Update, me: Me) -> Event | None:
    """The event in an update, or None if it says nothing to us."""
    if update.callback_query:
        return _press(update.callback_query, me)
    if update.my_chat_member:
        return _membership(update.my_chat_member, me)
    message = update.message or update.edited_message
    if message is None:
        return None
    if update.heard is not None:
        return _overheard(message, update.heard, me)
    return _migrated(message, me) or _said(message, me, edited=update.edited_message is not None)


def _overheard(message: Message, heard: Heard, me: Me) -> Overheard | None:
    if message.sender is None:
        return None
    at, sender = _address(message.chat, me), _person(message.sender)
    return Overheard(at=at, message=str(message.message_id), sender=sender, heard=heard)


def words_of(update: Update) -> str:
    """What a message says, or what stands below its picture."""
    return _body(update.message)[0] if update.message is not None else ""


def bare(update: Update, heard: Heard) -> Update:
    """Of a message that is to be asked about, where it is and who is asked, and not a word."""
    message = update.message
    assert message is not None
    assert message.sender is not None
    sender = User(message.sender.id, language_code=message.sender.language_code)
    chat = Chat(message.chat.id, message.chat.type)
    return Update(update.update_id, heard, Message(message.message_id, chat, sender=sender))


def chat_of(update: Update) -> str | None:
    """The chat whose order an update keeps."""
    about = update.message or update.edited_message or update.my_chat_member
    query = update.callback_query
    if about is None and query and query.message:
        return str(query.message.chat.id)
    return str(about.chat.id) if about else None


def sender_of(update: Update) -> User | None:
    """The user who caused an update."""
    about = (
        update.callback_query or update.my_chat_member or update.message or update.edited_message
    )
    return about.sender if about else None


def mentions(message: Message, me: Me) -> Iterator[Entity]:
    """Where a message names the bot, or gives it a command by name."""
    text, entities = _body(message)
    for entity in entities:
        part = cut(text, entity).lower()
        named = entity.type == "mention" and part == f"@{me.username.lower()}"
        meant = entity.type == "text_mention" and str(entity.user and entity.user.id) == me.bot
        told = entity.type == "bot_command" and part.endswith(f"@{me.username.lower()}")
        if named or meant or told:
            yield entity


def command_of(message: Message, me: Me) -> str | None:
    """The command that opens a message, if it isn't another bot's."""
    entity = _opening_command(message, me)
    return cut(_body(message)[0], entity)[1:].partition("@")[0].lower() if entity else None


def is_command(message: Message) -> bool:
    """Whether a message opens with a command, whosever."""
    text, entities = _body(message)
    return text.startswith("/") and any(
        each.type == "bot_command" and each.offset == 0 for each in entities
    )


def is_reply_to_us(message: Message, me: Me) -> bool:
    """Whether a message answers one of the bot's."""
    quoted = message.reply_to_message
    return quoted is not None and quoted.sender is not None and str(quoted.sender.id) == me.bot


def is_anonymous_admin(message: Message) -> bool:
    """Whether somebody wrote as the group itself, which only its administrators can."""
    return message.sender_chat is not None and message.sender_chat.id == message.chat.id


def cut(text: str, entity: Entity) -> str:
    """The stretch of a text that an entity covers."""
    units = text.encode("utf-16-le", "surrogatepass")
    part = units[2 * entity.offset : 2 * (entity.offset + entity.length)]
    return part.decode("utf-16-le", "replace")


def _body(message: Message) -> tuple[str, list[Entity]]:
    if message.text:
        return message.text, message.entities
    return message.caption, message.caption_entities


def _opening_command(message: Message, me: Me) -> Entity | None:
    """At the very beginning, or after nothing but the bot's name."""
    text, entities = _body(message)
    start = 0
    for entity in sorted(entities, key=lambda each: each.offset):
        between = cut(text, Entity("", start, entity.offset - start))
        if entity.offset < start or between.strip():
            return None
        if entity.type == "bot_command":
            name = cut(text, entity).partition("@")[2].lower()
            return entity if name in ("", me.username.lower()) else None
        if entity.type != "mention" or cut(text, entity).lower() != f"@{me.username.lower()}":
            return None
        start = entity.offset + entity.length
    return None


def _words(message: Message, me: Me) -> str:
    """The text without the bot's name and without the command."""
    text, _ = _body(message)
    command = _opening_command(message, me)
    named = [each for each in mentions(message, me) if each.type != "bot_command"]
    units = text.encode("utf-16-le", "surrogatepass")
    gone = named + ([command] if command else [])
    for entity in sorted(gone, key=lambda each: each.offset, reverse=True):
        units = units[: 2 * entity.offset] + units[2 * (entity.offset + entity.length) :]
    return units.decode("utf-16-le", "replace").strip()


def _said(message: Message, me: Me, edited: bool) -> Said | None:
    sender = _sender(message)
    if sender is None or (sender.is_bot and not sender.anonymous_admin):
        return None
    return Said(
        at=_address(message.chat, me),
        message=str(message.message_id),
        sender=sender,
        private=message.chat.type == "private",
        title=message.chat.title,
        text=_words(message, me),
        command=command_of(message, me),
        files=tuple(_files(message)),
        album=message.media_group_id,
        location=_location(message),
        phone=_own_phone(message),
        reply_to=_quoted(message, me),
        edited=edited,
        forwarded=message.forward_origin is not None,
    )


def _press(query: Callback, me: Me) -> Press | None:
    message = query.message
    if message is None or query.sender.is_bot:
        return None
    return Press(
        at=_address(message.chat, me),
        message=str(message.message_id),
        sender=_person(query.sender),
        private=message.chat.type == "private",
        data=query.data,
        title=message.chat.title,
        reply_to=_quoted(message, me),
    )


def _membership(update: MemberUpdate, me: Me) -> Membership:
    new = update.new_chat_member
    return Membership(
        at=_address(update.chat, me),
        sender=_person(update.sender),
        private=update.chat.type == "private",
        present=new.status in PRESENT or (new.status == "restricted" and new.is_member),
        administrator=new.status == "administrator",
        may_delete=new.status == "administrator" and new.can_delete_messages,
        title=update.chat.title,
    )


def _migrated(message: Message, me: Me) -> Migrated | None:
    here = message.chat.id
    if message.migrate_to_chat_id:
        old, new = here, message.migrate_to_chat_id
    elif message.migrate_from_chat_id:
        old, new = message.migrate_from_chat_id, here
    else:
        return None
    return Migrated(at=Address(me.bot, str(old), me.platform), new_chat=str(new))


def _address(chat: Chat, me: Me) -> Address:
    return Address(bot=me.bot, chat=str(chat.id), platform=me.platform)


def _person(user: User) -> Sender:
    return Sender(
        address=str(user.id),
        name=f"{user.first_name} {user.last_name}".strip(),
        language=user.language_code,
        username=user.username,
        is_bot=user.is_bot,
    )


def _sender(message: Message) -> Sender | None:
    if message.sender is None:
        return None
    if is_anonymous_admin(message):
        name = message.sender_chat.title if message.sender_chat else ""
        return Sender(address=str(message.sender.id), name=name, is_bot=True, anonymous_admin=True)
    return _person(message.sender)


def _quoted(message: Message | Pressed, me: Me) -> Quoted | None:
    quoted = message.reply_to_message
    if quoted is None:
        return None
    return Quoted(
        message=str(quoted.message_id),
        sender=_sender(quoted),
        text=_body(quoted)[0],
        ours=quoted.sender is not None and str(quoted.sender.id) == me.bot,
        files=tuple(_files(quoted)),
    )


def _files(message: Message) -> Iterator[File]:
    if message.photo:
        yield _file("photo", message.photo[-1])
    single = {
        "voice": message.voice or message.audio,
        "document": message.document,
        "video": message.video or message.video_note,
        "sticker": message.sticker,
    }
    for kind, media in single.items():
        if media:
            yield _file(kind, media)


def _file(kind: str, media: Media) -> File:
    return File(
        kind, media.file_id, media.file_unique_id, media.mime_type, media.file_size, media.file_name
    )


def _location(message: Message) -> tuple[float, float] | None:
    place = message.location or (message.venue.location if message.venue else None)
    return (place.latitude, place.longitude) if place else None


def _own_phone(message: Message) -> str | None:
    """A number is taken only from whom it belongs to."""
    contact = message.contact
    if contact is None or message.sender is None or contact.user_id != message.sender.id:
        return None
    return contact.phone_number
