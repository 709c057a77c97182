"""A queued message is delivered at least once, or ends dead with a reason."""

import asyncio
import json
import time
from datetime import UTC, datetime, timedelta

from sqlmodel import Session, col, select

from bot.assembly import Service, assemble
from bot.config import Settings
from models import Budget, Case, Group, Outbox, Person, Posted, outgoing
from models.database import open_database
from services.outbox import About, Address, Message, Priority, put
from tests.bot import toy
from tests.bot.conftest import Town, until


async def said(town: Town, service: Service, text: str) -> int:
    """A new person says something; it has been dealt with when this returns."""
    li = await town.person(start=False)
    await town.say(li, li, text)
    await handled(service, li)
    return li


async def handled(service: Service, chat: int) -> None:
    async def check():
        return any(where == str(chat) for where, _ in await service.database.read(toy.heard))

    await until(check)


async def rows(service: Service) -> list[Outbox]:
    return await service.database.read(
        lambda session: list(session.exec(select(Outbox).order_by(col(Outbox.id))))
    )


async def ended(service: Service, count: int = 1) -> list[Outbox]:
    """The outbox once nothing in it is pending."""

    async def check():
        found = await rows(service)
        return len(found) >= count and all(row.state != "pending" for row in found)

    await until(check)
    return await rows(service)


async def queue(service: Service, chat: int, text: str, **about) -> None:
    to = Address(service.me.bot, str(chat))
    now = datetime.now(UTC)

    def job(session: Session) -> None:
        put(session, to, Message(text), now, About(**about))

    await service.database.write(job)
    await service.look_now()


async def test_told_to_wait_it_waits_and_sends_once(town: Town, service: Service):
    await town.fault("429", method="sendMessage", retry_after=1)
    began = time.monotonic()
    li = await said(town, service, "hello")
    assert [row.state for row in await ended(service)] == ["sent"]
    assert time.monotonic() - began >= 1
    assert await town.texts(li) == ["heard hello"]
    halts = await service.database.read(lambda session: list(session.exec(select(Budget.chat))))
    assert halts == [str(li)]


async def test_a_chat_that_must_wait_delays_no_other(town: Town, service: Service):
    slow = await town.person()
    await town.fault("429", method="sendMessage", chat=slow, retry_after=60)
    await town.say(slow, slow, "hello")
    await handled(service, slow)
    quick = await said(town, service, "hello")
    await until(lambda: town.texts(quick))
    assert await town.texts(slow) == []


async def test_a_server_error_or_a_broken_line_is_tried_again(town: Town, service: Service):
    await town.fault("5xx", method="sendMessage")
    await town.fault("reset", method="sendMessage")
    await town.fault("bad_json", method="sendMessage")
    li = await said(town, service, "hello")
    assert [row.state for row in await ended(service)] == ["sent"]
    assert set(await town.texts(li)) == {"heard hello"}


async def test_who_has_blocked_the_bot_is_unreachable_and_the_next_is_told(
    town: Town, service: Service
):
    li = await town.person()
    now = datetime.now(UTC)
    person = Person(district=toy.DISTRICT, name="Li", address=str(li), reachable=True, made_at=now)
    key = person.id
    await service.database.write(lambda session: session.add(person))
    await town.do(f"users/{li}/block", bot_id=town.bot["id"], blocked=True)
    await queue(service, li, "hello", district=toy.DISTRICT)
    (row,) = await ended(service)
    assert (row.state, row.error) == ("dead", "Forbidden: bot was blocked by the user")
    found = await service.database.read(lambda s: s.get(Person, (toy.DISTRICT, key)))
    assert not found.reachable
    assert (str(key), "unreachable") in await service.database.read(toy.heard)


async def test_a_migrated_group_is_followed_with_all_that_names_it(town: Town, service: Service):
    li = await town.person()
    old = await town.group(li)
    now = datetime.now(UTC)
    group = Group(district=toy.DISTRICT, grid="1", bot=service.me.bot, chat=str(old), bound_at=now)
    key = group.id
    await service.database.write(lambda session: session.add(group))
    await town.say(old, li, "@linli_bot card one")
    await handled(service, old)
    await ended(service)
    new = (await town.do(f"chats/{old}/migrate"))["id"]
    await queue(service, old, "two", card="c")
    await ended(service, 2)
    assert await town.texts(new) == ["two"]
    found = await service.database.read(lambda s: s.get(Group, (toy.DISTRICT, key)))
    assert found.chat == str(new)
    posted = await service.database.read(lambda s: list(s.exec(select(Posted.chat))))
    assert posted == [str(new)]
    assert await service.database.read(lambda s: s.exec(select(Case.id)).first()) is None


async def test_what_telegram_cannot_read_as_html_goes_out_as_plain_text(
    town: Town, service: Service
):
    li = await town.person()
    await queue(service, li, "<b>a &lt; b</i>")
    await ended(service)
    assert await town.texts(li) == ["a < b"]


async def test_a_long_text_is_split_between_lines(town: Town, service: Service):
    li = await town.person()
    text = "\n".join(f"<b>{n:04}</b> {'字' * 90}" for n in range(100))
    await queue(service, li, text)
    await ended(service)
    parts = await town.texts(li)
    assert len(parts) == 3
    assert all(len(part) <= 4096 for part in parts)
    assert [line[:4] for line in "\n".join(parts).split("\n")] == [f"{n:04}" for n in range(100)]


async def test_told_to_wait_in_the_middle_of_a_long_text_it_goes_on_from_there(
    town: Town, service: Service
):
    li = await town.person()
    await town.fault("429", method="sendMessage", skip=1, retry_after=1)
    await queue(service, li, "\n".join(f"{n:04} {'字' * 90}" for n in range(100)))
    (row,) = await ended(service)
    assert (row.state, row.tries) == ("sent", 1)
    assert [text[:4] for text in await town.texts(li)] == ["0000", "0042", "0084"]


async def test_a_card_that_was_deleted_is_posted_anew(town: Town, service: Service):
    li = await said(town, service, "card one")
    (row,) = await ended(service)
    await said_again(town, service, li, f'raw ["delete", {{"message": "{row.message}"}}]')
    await said_again(town, service, li, "card two")
    sent = await town.calls("sendMessage")
    assert [call["params"]["text"] for call in sent] == ["one", "two"]


async def said_again(town: Town, service: Service, chat: int, text: str) -> None:
    before = len(await rows(service))
    await town.say(chat, chat, text)
    await ended(service, before + 1)


async def test_a_pin_waits_for_its_card(town: Town, service: Service):
    li = await town.person()
    group = await town.group(li, role="administrator", kind="supergroup")
    await town.say(group, li, "@linli_bot pin")
    await town.say(group, li, "@linli_bot card one")
    sent = await ended(service, 2)
    assert {row.state for row in sent} == {"sent"}
    assert len(await town.calls("pinChatMessage")) == 1


async def test_what_can_never_be_sent_ends_dead_with_its_reason(town: Town, service: Service):
    li = await town.person()
    await queue(service, li, "   ")
    (row,) = await ended(service)
    assert row.state == "dead"
    assert row.error.startswith("BadRequest: ")


async def test_a_picture_that_is_not_taken_does_not_cost_the_words(town: Town, service: Service):
    payload = {"text": "words", "photos": [{"file_id": "nonsense"}]}
    li = await said(town, service, f"raw {json.dumps(['send', payload])}")
    await ended(service)
    assert await town.texts(li) == ["words"]


async def test_own_copies_are_uploaded(town: Town, service: Service):
    folder = service.settings.files.folder
    for name in ("a.jpg", "b.jpg"):
        (folder / name).write_bytes(PIXEL)
    for photos in ([{"path": "a.jpg"}], [{"path": "a.jpg"}, {"path": "b.jpg"}]):
        payload = {"text": "words", "photos": photos}
        await said(town, service, f"raw {json.dumps(['send', payload])}")
    assert [row.state for row in await ended(service, 2)] == ["sent", "sent"]
    assert len(await town.calls("sendPhoto")) == 1
    assert len(await town.calls("sendMediaGroup")) == 1


async def test_urgent_goes_before_answers_and_answers_before_digests(town: Town, service: Service):
    li = await town.person()
    await town.fault("429", method="sendMessage", chat=li, retry_after=1)
    await queue(service, li, "first")
    await until(lambda: town.calls("sendMessage"))
    for priority in (Priority.DIGEST, Priority.ANSWER, Priority.URGENT):
        await queue(service, li, priority.name, priority=priority)
    await ended(service, 4)
    assert await town.texts(li) == ["URGENT", "ANSWER", "first", "DIGEST"]


async def test_a_row_for_later_waits_for_its_time(town: Town, service: Service):
    li = await town.person()
    at = service.clock.now() + timedelta(hours=3)
    await queue(service, li, "later", not_before=at)
    await asyncio.sleep(0.3)
    assert await town.texts(li) == []
    assert abs(await service.next_due() - at) < timedelta(seconds=1)
    service.clock.shift(timedelta(hours=3, seconds=1))
    await service.look_now()
    assert await until(lambda: town.texts(li)) == ["later"]


PIXEL = bytes.fromhex(
    "ffd8ffe000104a46494600010100000100010000ffdb004300080606070605080707070909080a0c140d0c0b0b0c19"
    "12130f141d1a1f1e1d1a1c1c20242e2720222c231c1c2837292c30313434341f27393d38323c2e333432ffc0000b08"
    "0001000101011100ffc4001f0000010501010101010100000000000000000102030405060708090a0bffc400b51000"
    "02010303020403050504040000017d01020300041105122131410613516107227114328191a1082342b1c11552d1f0"
    "2433627282090a161718191a25262728292a3435363738393a434445464748494a535455565758595a636465666768"
    "696a737475767778797a838485868788898a92939495969798999aa2a3a4a5a6a7a8a9aab2b3b4b5b6b7b8b9bac2c3"
    "c4c5c6c7c8c9cad2d3d4d5d6d7d8d9dae1e2e3e4e5e6e7e8e9eaf1f2f3f4f5f6f7f8f9faffda0008010100003f00fb"
    "d0ffd9"
)


async def test_without_the_right_to_pin_a_member_is_asked_to(town: Town, service: Service):
    li = await town.person()
    group = await town.group(li)
    await town.say(group, li, "@linli_bot card one")
    await town.say(group, li, "@linli_bot pin please pin it")
    assert {row.state for row in await ended(service, 2)} == {"sent"}
    assert (await town.texts(group))[-1] == "please pin it"


async def test_a_group_s_minute_goes_on_after_a_restart(town: Town, settings: Settings):
    """Twenty a minute, whichever process sends them."""
    settings.telegram.limits = True
    group = await town.group(await town.person())
    assert await moments(town, settings, group, 3) == 3
    assert await moments(town, settings, group, 2) == 5


async def moments(town: Town, settings: Settings, group: int, count: int) -> int:
    """A new process sends so many to the group: how many moments of sending are remembered."""
    before = len(await town.texts(group))
    async with assemble(settings, doors=toy.DOORS) as service:
        for n in range(count):
            await queue(service, group, str(n))

        async def told() -> bool:
            return len(await town.texts(group)) == before + count

        await until(told)
    database = open_database(settings.database.url)
    since = datetime.now(UTC) - timedelta(minutes=1)
    spent = await database.read(lambda s: outgoing.spent_since(s, service.me.bot, since))
    await database.close()
    (of_group,) = [each for each in spent if each.chat == str(group)]
    return len(of_group.sent)


async def test_a_group_that_put_the_bot_out_is_told_to_who_must_know(
    town: Town, settings: Settings
):
    gone: list[str] = []
    died: list[str] = []
    doors = toy.doors(
        removed=lambda _session, at, _now: gone.append(at.chat),
        died=lambda _session, _bot, keys, _now: died.extend(map(str, keys)),
    )
    async with assemble(settings, doors=doors) as service:
        group = await town.group(await town.person())
        await town.fault("kicked", method="sendMessage", chat=group)
        await queue(service, group, "hello", district=toy.DISTRICT)
        (row,) = await ended(service)
    assert row.state == "dead"
    assert str(group) in gone
    assert died == [str(row.id)]


async def test_what_nobody_misses_is_dropped_and_no_alarm(town: Town, service: Service):
    li = await said(town, service, 'raw ["react", {"message": "999999", "emoji": "👀"}]')
    (row,) = await ended(service)
    assert (row.state, row.error.partition(":")[0]) == ("dropped", "BadRequest")
    await town.do(f"users/{li}/block", bot_id=town.bot["id"], blocked=True)
    await queue(service, li, "hello")
    found = await ended(service, 2)
    assert [each.state for each in found] == ["dropped", "dropped"]


async def test_a_bug_in_telling_the_desk_holds_nothing_up(town: Town, settings: Settings):
    def boom(*_what: object) -> None:
        raise toy.Boom("telling")

    async with assemble(settings, doors=toy.doors(died=boom)) as service:
        li = await town.person()
        await queue(service, li, "   ", district=toy.DISTRICT)
        await queue(service, li, "hello", district=toy.DISTRICT)
        found = await ended(service, 2)
        assert [row.state for row in found] == ["dead", "sent"]


async def test_who_blocked_one_bot_and_uses_another_stays_reachable(town: Town, service: Service):
    li = await town.person()
    now = datetime.now(UTC)
    person = Person(
        district=toy.DISTRICT, bot="other", address=str(li), reachable=True, made_at=now
    )
    key = person.id
    await service.database.write(lambda session: session.add(person))
    await town.do(f"users/{li}/block", bot_id=town.bot["id"], blocked=True)
    await queue(service, li, "hello", district=toy.DISTRICT)
    await ended(service)
    found = await service.database.read(lambda s: s.get(Person, (toy.DISTRICT, key)))
    assert found.reachable


async def test_thousands_of_messages_to_one_chat_hide_no_other(town: Town, service: Service):
    li, wu = await town.person("Li"), await town.person("Wu")
    to, now = Address(service.me.bot, str(li)), datetime.now(UTC)
    many = 2 * outgoing.LOOK

    def flood(session: Session) -> None:
        for n in range(many):
            put(session, to, Message(f"{n}"), now, About())

    await service.database.write(flood)
    await queue(service, wu, "hello")
    await until(lambda: town.texts(wu))
    assert len(await town.texts(li)) < many / 2
