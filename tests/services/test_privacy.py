"""Everyone's own data: everything shown, everything deletable, and nothing left after it."""

import json
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlmodel import Session, col, select

from domain.refused import Refused
from models import (
    Asked,
    Attachment,
    Audit,
    Case,
    CaseEvent,
    Due,
    Inbox,
    Outbox,
    Person,
    Posted,
    Role,
    Voice,
    metadata,
)
from models.database import Database
from services import privacy
from services.equipment import Equipment
from services.outbox import Message
from services.texts import LANGUAGES
from services.vault import Vault
from tests.services import histories as h

DAY = timedelta(days=1)
NAME, WORDS, PHONE, FLAT, ADDRESS = "陈秘密", "我家厨房漏水", "13812345678", "1702", "880011"
OTHERS = "邻居自己的话"


def resident(session: Session) -> Person:
    """Somebody about whom a lot is stored."""
    session.add_all(h.territory_rows())
    vault = Vault(Vault.new_key())
    session.info["equipment"] = Equipment(vault=vault)
    given: dict[str, Any] = {"name": NAME, "address": ADDRESS, "phone": vault.seal(PHONE)}
    made = Person(district=h.DISTRICT, bot="b", reachable=True, made_at=h.NOW - 9 * DAY, **given)
    session.add(made)
    session.flush()
    return made


def reported(session: Session, person: Person, state: str = "taken", number: int = 1) -> Case:
    """A case of theirs with their words, a photo, and somebody else's words."""
    case = Case(
        district=h.DISTRICT,
        number=f"KL8-2611-{number:03}",
        grid=h.GRIDS[0],
        community=h.COMMUNITY,
        state=state,
        kind="LS04",
        owner_unit=h.GRIDS[0],
        text=WORDS,
        words_key=WORDS,
        place_building="3号楼",
        place_room=FLAT,
        reporter=person.id,
        bot="b",
        source_chat=ADDRESS,
        due_at=h.NOW + DAY,
        opened_at=h.NOW - 2 * DAY,
    )
    session.add(case)
    session.flush()
    for seq, (who, words) in enumerate([(person.id, WORDS), (uuid4(), OTHERS)], 1):
        event: dict[str, Any] = {"district": h.DISTRICT, "case": case.id, "seq": seq, "at": h.NOW}
        personal = {"text": words}
        session.add(CaseEvent(**event, actor=who, verb="add", after=state, personal=personal))
    session.add(_photo(case, person.id))
    session.add(Voice(district=h.DISTRICT, case=case.id, person=person.id, at=h.NOW))
    session.flush()
    return case


def _photo(case: Case, by: UUID) -> Attachment:
    return Attachment(
        district=case.district,
        case=case.id,
        kind="photo",
        bot="b",
        file_id=f"photo-{ADDRESS}",
        unique_id="u1",
        by=by,
        at=h.NOW,
    )


def traces(session: Session) -> None:
    """What the person sent, pressed and was sent; and somebody else's update."""
    mine, other = int(ADDRESS), 4711
    told = {"from": {"id": mine}, "text": WORDS}  # a neighbour's tap has reported it
    payloads = [
        {"message": {"from": {"id": mine}, "text": WORDS}},
        {"callback_query": {"from": {"id": mine, "first_name": NAME}}},
        {"message": {"from": {"id": other}, "reply_to_message": {"from": {"id": mine}}}},
        {"callback_query": {"from": {"id": other}, "message": {"reply_to_message": told}}},
        {"message": {"from": {"id": other}, "text": OTHERS}},
    ]
    for number, payload in enumerate(payloads):
        at = h.NOW - number * 7 * DAY
        row: dict[str, Any] = {
            "update_id": number,
            "received_at": at,
            "payload": payload,
            "state": "done",
        }
        session.add(Inbox(bot="b", lane=ADDRESS if number < 2 else "9", **row))
    for chat, days in ((ADDRESS, 80), (ADDRESS, 0), ("4711", 1)):
        text = {"text": NAME if chat == ADDRESS else OTHERS}
        made = h.NOW - days * DAY
        session.add(Outbox(bot="b", chat=chat, made_at=made, state="sent", payload=text))
    session.add(Posted(bot="b", chat=ADDRESS, card="r:1", message="1", posted_at=h.NOW))
    expires = h.NOW + DAY
    session.add(Asked(bot="b", chat=ADDRESS, address=ADDRESS, what="x", expires_at=expires))
    session.flush()


def everything_stored(session: Session) -> str:
    """Every row of every table, as one text to search in."""
    found = []
    for table in metadata.sorted_tables:
        found += [str(tuple(row)) for row in session.execute(table.select())]
    return "\n".join(found)


def forgotten(session: Session, person: Person) -> int:
    """Delete somebody and let the clock finish it; how many pieces it took."""
    privacy.delete(session, person, h.NOW)
    session.flush()
    row = session.exec(select(Due).where(Due.name == privacy.FORGET)).one()
    pieces = 0
    while row.state == "pending":
        row.state, pieces = "fired", pieces + 1
        privacy.forget(session, row, row.at)
        session.flush()
    return pieces


async def test_after_deletion_nothing_of_the_person_is_left_anywhere(database: Database) -> None:
    def job(session: Session) -> tuple[str, int]:
        person = resident(session)
        for number, state in enumerate(("taken", "done", "closed"), 1):
            reported(session, person, state, number)
        traces(session)
        stored = everything_stored(session)
        assert all(each in stored for each in (NAME, WORDS, FLAT, ADDRESS))
        pieces = forgotten(session, person)
        return everything_stored(session), pieces

    left, pieces = await database.write(job)
    for each in (NAME, FLAT, ADDRESS, PHONE):
        assert each not in left, each
    assert WORDS not in left
    assert pieces == privacy.PIECES + 1


async def test_what_others_said_and_were_sent_stays(database: Database) -> None:
    def job(session: Session) -> tuple[int, int, int]:
        person = resident(session)
        reported(session, person)
        traces(session)
        forgotten(session, person)
        session.expire_all()  # rows were changed by statements; read what is there now
        events = [e.personal for e in session.exec(select(CaseEvent).order_by(col(CaseEvent.seq)))]
        assert events == [{}, {"text": OTHERS}]
        updates = [row.payload for row in session.exec(select(Inbox))]
        sent = [row.payload for row in session.exec(select(Outbox))]
        return len(events), sum(map(bool, updates)), sum(map(bool, sent))

    assert await database.write(job) == (2, 1, 1)


async def test_history_keeps_its_length_and_the_person_a_nameless_key(database: Database) -> None:
    def job(session: Session) -> tuple[Person, int, list[str]]:
        person = resident(session)
        reported(session, person)
        privacy.delete(session, person, h.NOW)
        session.flush()
        acts = list(session.exec(select(Audit.act)))
        return person, len(list(session.exec(select(CaseEvent)))), acts

    person, events, acts = await database.write(job)
    assert (person.name, person.address, person.phone, person.ref) == ("", None, None, None)
    assert person.deleted_at == h.NOW
    assert events == 2
    assert acts == ["person.delete"]


async def test_an_open_case_goes_on_anonymously(database: Database) -> None:
    def job(session: Session) -> Case:
        person = resident(session)
        case = reported(session, person)
        assert privacy.open_cases(session, person) == 1
        privacy.delete(session, person, h.NOW)
        return case

    case = await database.write(job)
    assert (case.state, case.kind, case.place_building) == ("taken", "LS04", "3号楼")
    assert (case.reporter, case.text, case.place_room) == (None, "", None)


async def test_a_case_that_waits_for_a_deleted_reporter_waits_for_the_desk(
    database: Database,
) -> None:
    def job(session: Session) -> dict[str, str]:
        person = resident(session)
        case = reported(session, person, "done")
        key = f"case:{case.id}:nudge"
        later = h.NOW + 3 * DAY
        session.add(Due(district=h.DISTRICT, key=key, name="case.nudge", at=later, case=case.id))
        session.flush()
        privacy.delete(session, person, h.NOW)
        rows = session.exec(select(Due).where(Due.case == case.id))
        return {row.name: row.state for row in rows}

    assert await database.write(job) == {"case.nudge": "dropped", "case.desk": "pending"}


async def test_who_holds_a_role_hands_it_back_first(database: Database) -> None:
    def job(session: Session) -> str:
        person = resident(session)
        role = Role(
            district=h.DISTRICT, person=person.id, role="worker", unit=h.GRIDS[0], since=h.NOW
        )
        session.add(role)
        session.flush()
        with pytest.raises(Refused, match="delete_has_role"):
            privacy.delete(session, person, h.NOW)
        role.revoked_at = h.NOW
        session.flush()
        privacy.delete(session, person, h.NOW)
        return person.name

    assert await database.write(job) == ""


@pytest.mark.parametrize("language", LANGUAGES)
async def test_everything_stored_is_shown_and_can_be_taken_along(
    database: Database, language: str
) -> None:
    def job(session: Session) -> list[Message]:
        person = resident(session)
        person.language = language
        reported(session, person)
        return privacy.mydata(session, person, h.NOW)

    readable, file = await database.write(job)
    assert WORDS in readable.text
    assert "KL8-2611-001" in readable.text
    assert PHONE not in readable.text
    assert "138****5678" in readable.text
    assert file.document is not None
    stored = json.loads(file.document["content"])
    assert stored["person"]["phone"] == PHONE
    assert stored["person"]["account"] == ADDRESS
    case = stored["cases"][0]
    assert (case["words"], case["place_room"]) == (WORDS, FLAT)
    assert case["what_you_did"][0]["said"] == {"text": WORDS}
    assert len(case["files"]) == 1
    assert OTHERS not in file.document["content"]


async def test_who_joined_a_case_does_not_get_its_reporter_s_words(database: Database) -> None:
    def job(session: Session) -> list[Message]:
        person = resident(session)
        case = reported(session, person)
        other = Person(district=h.DISTRICT, name="李", address="1", bot="b", made_at=h.NOW)
        session.add(other)
        session.flush()
        session.add(Voice(district=h.DISTRICT, case=case.id, person=other.id, at=h.NOW))
        session.flush()
        return privacy.mydata(session, other, h.NOW)

    readable, file = await database.write(job)
    assert "KL8-2611-001" in readable.text
    assert WORDS not in readable.text + str(file.document)
    assert FLAT not in readable.text + str(file.document)


@pytest.mark.parametrize("language", LANGUAGES)
async def test_the_notice_says_how_long_things_are_kept(database: Database, language: str) -> None:
    text = (await database.read(lambda session: privacy.notice(session, language))).text
    assert all(number in text for number in ("30", "90", "180", "Telegram"))
    assert len(text) < 4096
