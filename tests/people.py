"""The cast of the tests, and a street for them to live in.

王阿姨 and 陈叔 live in building 8; 李强 is their grid worker and 赵敏 the backup; 周姐 leads the
grid, 孙主任 has the community's desk, 吴医生 is the named person for what nobody else may know.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

from sqlmodel import Session, select

from handlers.turn import Answer, File, Press, Quoted, Said, Sender
from handlers.updates import Me
from handlers.wiring import handle
from models import Case, Contact, Division, Group, Outbox, Person, Role
from services.equipment import vault
from services.outbox import Address

DISTRICT, STREET, COMMUNITY = "110101", "110101001", "110101001001"
GRID, NEXT_GRID = "110101001001001", "110101001001002"
BOT = Me("777", "linli_bot")
GROUP_CHAT = "-1008"
# a Wednesday, ten in the morning in Beijing
WEDNESDAY = datetime(2026, 11, 18, 2, 0, tzinfo=UTC)

PEOPLE = {
    "李强": ("worker", GRID, "101"),
    "赵敏": ("worker", GRID, "102"),
    "周姐": ("leader", GRID, "103"),
    "孙主任": ("supervisor", COMMUNITY, "104"),
    "钱站长": ("supervisor", STREET, "105"),
    "吴医生": ("supervisor", STREET, "106"),
    "郑工": ("worker", NEXT_GRID, "107"),
    "冯管理": ("admin", DISTRICT, "108"),
}
RESIDENTS = {"王阿姨": "201", "陈叔": "202", "Emily": "203"}
ADDRESSES = {name: row[2] for name, row in PEOPLE.items()} | RESIDENTS


def peopled(session: Session, now: datetime = WEDNESDAY) -> "Street":
    """A street with two grids, a bound group and the cast; everybody but residents enrolled."""
    for code, parent, level, name, short in (
        (DISTRICT, None, "district", "东城区", None),
        (STREET, DISTRICT, "street", "快乐街道", None),
        (COMMUNITY, STREET, "community", "快乐社区", None),
        (GRID, COMMUNITY, "grid", "快乐一网格", "KL1"),
        (NEXT_GRID, COMMUNITY, "grid", "快乐二网格", "KL2"),
    ):
        session.add(
            Division(
                district=DISTRICT, code=code, parent=parent, level=level, name=name, short=short
            )
        )
    group = Group(
        district=DISTRICT, grid=GRID, bot=BOT.bot, chat=GROUP_CHAT, title="快乐8号楼",
        place="8号楼", bound_at=now,
    )  # fmt: skip
    session.add(group)
    street = Street(session, now, group)
    for name, (role, unit, address) in PEOPLE.items():
        street.hire(name, role, unit, address)
    for order, (name, phone) in enumerate((("燃气抢修", "60001234"), ("物业陈工", "13800001111"))):
        sealed = vault(session).seal(phone)
        session.add(
            Contact(district=DISTRICT, unit=COMMUNITY, order=order, name=name, phone=sealed)
        )
    session.flush()
    return street


@dataclass
class Street:
    """A session, a clock, and what people say and press in it."""

    session: Session
    now: datetime
    group: Group
    staff: dict[str, Person] = field(default_factory=dict)
    said: int = 0

    def hire(self, name: str, role: str, unit: str, address: str) -> None:
        skills = ["named"] if name == "吴医生" else []
        person = Person(
            district=DISTRICT, name=name, ref=name, address=address, bot=BOT.bot,
            reachable=True, skills=skills, made_at=self.now,
        )  # fmt: skip
        self.session.add(person)
        self.session.add(
            Role(district=DISTRICT, person=person.id, role=role, unit=unit, since=self.now)
        )
        self.staff[name] = person

    def sender(self, name: str) -> Sender:
        return Sender(ADDRESSES[name], name, "en" if name == "Emily" else "zh-hans")

    def say(
        self,
        name: str,
        text: str = "",
        *,
        private: bool = False,
        command: str | None = None,
        files: tuple[File, ...] = (),
        reply_to: Quoted | None = None,
        **more: object,
    ) -> str:
        """Somebody writes in the group (or to the bot alone); returns the message's id."""
        self.said += 1
        message = str(1000 + self.said)
        chat = ADDRESSES[name] if private else GROUP_CHAT
        said = Said(
            at=Address(BOT.bot, chat),
            message=message,
            sender=self.sender(name),
            private=private,
            text=text,
            command=command,
            files=files,
            reply_to=reply_to,
            **more,  # type: ignore[arg-type]
        )
        handle(self.session, said, BOT, self.now)
        self.session.flush()
        return message

    def press(self, name: str, label: str, *, private: bool = False) -> Answer | None:
        """Somebody presses the newest button whose label holds `label` in their chat."""
        chat = ADDRESSES[name] if private else GROUP_CHAT
        return self.press_data(name, self.button(chat, label), private=private)

    def press_data(self, name: str, data: str, *, private: bool = False) -> Answer | None:
        """Somebody sends callback data, forged or not."""
        chat = ADDRESSES[name] if private else GROUP_CHAT
        press = Press(
            at=Address(BOT.bot, chat),
            message="1",
            sender=self.sender(name),
            private=private,
            data=data,
        )
        answers = handle(self.session, press, BOT, self.now)
        self.session.flush()
        return answers[0] if answers else None

    def rows(self, chat: str) -> list[Outbox]:
        """What waits to be sent to a chat, the oldest first."""
        query = select(Outbox).where(Outbox.chat == chat).order_by(Outbox.made_at, Outbox.id)  # type: ignore[arg-type]
        return list(self.session.exec(query))

    def texts(self, name_or_chat: str) -> list[str]:
        """The texts that wait for somebody or for the group."""
        chat = ADDRESSES.get(name_or_chat, name_or_chat)
        return [row.payload.get("text", "") for row in self.rows(chat)]

    def labels(self, chat: str) -> list[str]:
        """Every button that stands in a chat."""
        return [button["label"] for button in self._buttons(chat)]

    def button(self, chat: str, label: str) -> str:
        everything = self._buttons(chat)
        exact = [each for each in everything if each["label"] == label]
        found = exact or [each for each in everything if label in each["label"]]
        assert found, f"no button {label!r} in {chat}: {self.labels(chat)}"
        return found[-1]["data"]

    def _buttons(self, chat: str) -> list[dict[str, str]]:
        return [
            button
            for row in self.rows(chat)
            for line in row.payload.get("buttons", [])
            for button in line
        ]

    def case(self) -> Case:
        """The newest case."""
        self.session.flush()
        query = select(Case).order_by(Case.opened_at.desc(), Case.id.desc())  # type: ignore[attr-defined]
        found = self.session.exec(query).first()
        assert found is not None
        self.session.refresh(found)
        return found

    def cases(self) -> list[Case]:
        return list(self.session.exec(select(Case)))

    def key(self, name: str) -> UUID:
        return self.staff[name].id


def photo(unique: str = "p1") -> File:
    """A photo as the platform names it."""
    return File("photo", f"file-{unique}", unique, "image/jpeg", 50_000)
