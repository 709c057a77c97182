"""What `linli learn` does with a database: read beside the service, learn here, hand in."""

import asyncio
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TypeVar, cast

from sqlmodel import Session, select

from bot.assembly import equipment_of, explained, server_of
from bot.cannot import Cannot
from bot.commands.importing import refusal, terminal_language
from bot.config import Settings
from bot.errands.asking import ask
from bot.errands.listed import LEARN, ROLL_BACK, Learnt, RollBack
from domain.catalogue import Catalogue, Language
from domain.refused import Refused
from models import Division
from models.reading import Missing, open_reading
from services import learning
from services.catalogue import catalogue
from services.corrections import corrections
from services.texts import plain

T = TypeVar("T")


async def learn(settings: Settings, district: str) -> list[str]:
    """Learn from the district's texts; what came of it, in sentences. Raises Cannot."""

    def job(session: Session) -> tuple[str, list[learning.Text], learning.Beside]:
        code = _district(session, district)
        texts = learning.labelled(session, code, datetime.now(UTC))
        return code, texts, learning.beside_of(session, code)

    code, texts, reads = await _read(settings, job)
    try:
        lesson = await asyncio.to_thread(learning.learn, texts, reads)
        figures = {"before": asdict(lesson.before), "after": asdict(lesson.after)}
        given = Learnt(code, lesson.artefact, lesson.texts, figures, lesson.better)
        version = await ask(settings, LEARN, lambda: given)
    except Refused as refused:
        raise Cannot(refusal(refused)) from None
    return _told(lesson, version)


async def beside(settings: Settings, district: str) -> learning.Beside:
    """What the district reads with now. Raises Cannot."""
    return await _read(
        settings, lambda session: learning.beside_of(session, _district(session, district))
    )


def _told(lesson: learning.Lesson, version: int) -> list[str]:
    language, before, after = terminal_language(), lesson.before, lesson.after
    counts = {"texts": lesson.texts, "corrected": lesson.corrected, "held": lesson.held}
    key = "reading.in_use" if lesson.better else "reading.not_better"
    return [
        plain("reading.learnt", language, **counts),
        plain(
            "reading.gain",
            language,
            first=f"{before.accuracy:.1%} → {after.accuracy:.1%}",
            two=f"{before.top2:.1%} → {after.top2:.1%}",
            ece=f"{before.ece:.3f} → {after.ece:.3f}",
        ),
        plain(key, language, version=version, share=f"{lesson.share:.0%}"),
    ]


async def roll_back(settings: Settings, district: str) -> list[str]:
    """Read with the version before; what is read with now, in a sentence. Raises Cannot."""
    code = await _read(settings, lambda session: _district(session, district))
    try:
        version = await ask(settings, ROLL_BACK, lambda: RollBack(code))
    except Refused as refused:
        raise Cannot(refusal(refused)) from None
    if version is None:
        return [plain("reading.rules_alone", terminal_language())]
    return [plain("reading.rolled_back", terminal_language(), version=version)]


async def report(settings: Settings, district: str) -> list[str]:
    """What was corrected most, a line for each pair of kinds. Raises Cannot."""

    def job(session: Session) -> list[str]:
        code, language = _district(session, district), terminal_language()
        found = catalogue(session, code)
        pairs, other = corrections(session, code, datetime.now(UTC))
        lines = [
            plain(
                "reading.confused",
                language,
                times=pair.times,
                said=_named(found, pair.said, language),
                right=_named(found, pair.put_right, language),
                words=" ".join(pair.words) or "–",
            )
            for pair in pairs
        ]
        return [*lines, plain("reading.confused_other", language, count=other)]

    return await _read(settings, job)


def _named(found: Catalogue, code: str, language: str) -> str:
    kind = found.kinds.get(code)
    return code if kind is None else f"{code} {kind.name(cast(Language, language))}"


async def _read(settings: Settings, job: Callable[[Session], T]) -> T:
    """What `job` finds beside whoever uses the database. Raises Cannot."""
    url = settings.database.url
    with explained(url):
        try:
            reading = open_reading(url, equipment_of(settings), server_of(settings, patient=True))
        except Missing:
            raise Cannot("There is no database yet: `linli run` makes one.") from None
        try:
            return await reading.read(job)
        finally:
            await reading.close()


def _district(session: Session, asked: str) -> str:
    """The district that is meant: the one named, or the only one. Raises Cannot."""
    query = select(Division.code).where(Division.level == "district").order_by(Division.code)
    found = list(session.exec(query))
    if asked in found:
        return asked
    if len(found) == 1 and not asked:
        return found[0]
    raise Cannot(
        plain("reading.which_district", terminal_language(), districts=", ".join(found) or "–")
    )
