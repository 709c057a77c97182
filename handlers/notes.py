"""Notes on places in chat: kept with one line, listed, removed with a tap."""

from domain.refused import Refused
from handlers.reply import answer, button, reply
from handlers.turn import Answer, Press, Said, Turn
from models import Person
from services import handling, place_notes
from services.access import is_staff
from services.buttons import Pressed, data
from services.outbox import Message
from services.texts import plain, say

# of a note on its button
SHOWN = 12


def note(turn: Turn, said: Said, person: Person) -> None:
    """`/note BUILDING WORDS` keeps a note; alone it lists one's own."""
    if not is_staff(turn.session, person):
        raise Refused("staff_only")
    if not said.text.strip():
        return _list(turn, said, person)
    grids = [code for code, _ in handling.grids_of(turn.session, person, turn.now)]
    kept = place_notes.add(turn.session, person, grids, said.text, turn.now)
    facts = {"building": kept.building, "text": kept.text}
    return reply(turn, said, person.language, "note.kept", **facts)  # type: ignore[arg-type]


def _list(turn: Turn, said: Said, person: Person) -> None:
    found = place_notes.kept_by(turn.session, person)[: place_notes.MOST_OF_ONE]
    language = person.language
    lines = [say("note.mine", language)]
    lines += [say("note.line", language, building=n.building, text=n.text) for n in found]
    rows = tuple(
        (
            button(
                language,
                "btn.note_end",
                data("noteend", person.district, each.id),
                building=each.building,
                text=each.text[:SHOWN],
            ),
        )
        for each in found
    )
    answer(turn, said.at, Message("\n".join(lines), rows))


def end(turn: Turn, press: Press, person: Person, pressed: Pressed) -> Answer | None:
    """The note holds no more."""
    place_notes.end(turn.session, person, pressed.case, turn.now)
    return Answer(plain("note.ended", person.language))
