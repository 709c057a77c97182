"""The day as a supervisor's chat shows it: one photo with its words and buttons, no token spilt."""

from sqlmodel import Session

from bot.assembly import Service
from services import summary
from services.outbox import About, Address, Message, put
from services.summary_message import day_message
from tests.bot.conftest import Json, Town, until
from tests.services import histories as h


async def test_the_day_arrives_as_one_photo_with_its_words_and_buttons(
    town: Town, service: Service
) -> None:
    user = await town.person()

    def job(session: Session) -> Message:
        h.write(session, 2, cases=40)
        day = summary.day(session, h.DISTRICT, h.COMMUNITY, h.TODAY, h.NOW)
        message = day_message(day, "zh-Hans")
        put(session, _chat(service, user), message, service.clock.now(), About())
        return message

    message = await service.database.write(job)
    service.wake()
    (shown,) = await until(lambda: _shown(town, user, "photo"))
    assert shown["photo"][-1]["width"] == 1080
    assert shown["caption"].startswith("快乐001002")
    rows = shown["reply_markup"]["inline_keyboard"]
    assert [len(row) for row in rows] == [len(row) for row in message.buttons]


async def test_a_copy_of_one_s_data_arrives_as_a_file(town: Town, service: Service) -> None:
    user = await town.person()
    document = {"content": '{"person": "李"}', "name": "my-data.json"}

    def job(session: Session) -> None:
        message = Message("Everything", document=document)
        put(session, _chat(service, user), message, service.clock.now(), About())

    await service.database.write(job)
    service.wake()
    (shown,) = await until(lambda: _shown(town, user, "document"))
    assert shown["document"]["file_name"] == "my-data.json"
    assert shown["caption"] == "Everything"


def _chat(service: Service, user: int) -> Address:
    return Address(service.me.bot, str(user))


async def _shown(town: Town, user: int, kind: str) -> list[Json]:
    """The bot's messages of that kind in a private chat."""
    events = (await town.get(f"users/{user}/messages?after=0&wait=0"))["events"]
    return [each["message"] for each in events if kind in each["message"]]
