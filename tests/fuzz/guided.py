"""The coverage-guided part: libFuzzer (atheris) keeps what reaches new lines of our code.

A program of its own, because libFuzzer takes over the process and ends it:
`python -m tests.fuzz.guided FOLDER SECONDS SEED`. What it learns stays in FOLDER/corpus for the
next run; an input that breaks something is written to FOLDER/broken- and ends it with status 77.
"""

import sys
from html import escape
from pathlib import Path
from random import Random
from typing import Any

import atheris

with atheris.instrument_imports(
    include=["domain", "handlers", "services", "bot.sieve", "bot.pages"]
):
    from bot import pages
    from bot.sieve import Sieve
    from domain.catalogue import Catalogue, parse_conditions, parse_kinds, parse_not_admitted
    from domain.reading import mask, read
    from domain.reading.lexicon import Lexicon
    from handlers import updates, wiring
    from services import buttons
    from services.data import default_rows, ear
    from services.imports import read_tables
    from services.imports.outcome import Unreadable

from tests.fuzz import words
from tests.fuzz.described import Maker
from tests.fuzz.files import lists, opened
from tests.fuzz.way import Way, migrated
from tests.people import BOT, WEDNESDAY

LONGEST = 4096  # bytes of an input
RENEW = 3000  # inputs before the town is made anew


class Target:
    """What one input is tried on: the first byte says on which part."""

    def __init__(self, template: Path, seed: int) -> None:
        self._template, self._seed = template, seed
        self._tried = 0
        self._lexicon = shipped()
        self._sieve = Sieve(BOT, wiring.COMMANDS)
        self._parts = (self._update, self._text, self._button, self._file, self._talk, self._talk)
        self._way = Way(template, Random(seed))

    def __call__(self, data: bytes) -> None:
        if data:
            self._parts[data[0] % len(self._parts)](data[1:])

    def _update(self, data: bytes) -> None:
        update = updates.decode(data)
        if update is not None:
            self._sieve.pass_through([update], WEDNESDAY)
            updates.kept(update)
            updates.event(update, BOT)

    def _text(self, data: bytes) -> None:
        text = data.decode("utf-8", "replace")
        mask(text, read(text, self._lexicon))
        assert all(pages.length(each) <= pages.TEXT for each in pages.split(escape(text)))

    def _button(self, data: bytes) -> None:
        pressed = buttons.parse(data.decode("utf-8", "replace"))
        assert pressed is None or pressed.verb

    def _file(self, data: bytes) -> None:
        for table in read_tables("x.csv", opened(data)):
            if table.sheet is not None and not table.outcome.failed:
                sum(1 for _ in _until_broken(table.rows()))

    def _talk(self, data: bytes) -> None:
        """Updates made by a hand that the input leads: every byte is a throw of the dice."""
        self._tried += 1
        if self._tried % RENEW == 0:
            self._way.close()
            self._way = Way(self._template, Random(self._seed))
        maker = Maker(Led(data), self._way.town)
        self._way.take([maker.raw() for _ in range(1 + len(data) // 400)])
        if self._way.tally.found:
            raise AssertionError(self._way.tally.found)


def shipped() -> Lexicon:
    """The words and kinds that come with the service."""
    kinds = parse_kinds(default_rows("kinds")).required()
    conditions = parse_conditions(default_rows("conditions"), kinds).required()
    matters = parse_not_admitted(default_rows("not_admitted")).required()
    return Lexicon.build(
        default_rows("lexicon"), Catalogue.build(kinds, conditions, matters), ear()
    )


def _until_broken(rows: Any) -> Any:
    try:
        yield from rows
    except Unreadable:
        return


class Led(Random):
    """Dice that fall as the bytes say, and on 0 when they have run out."""

    def __new__(cls, *_: Any) -> "Led":
        return super().__new__(cls)

    def __init__(self, data: bytes) -> None:
        super().__init__(0)
        self._data = iter(data)

    def random(self) -> float:
        return next(self._data, 0) / 256

    def getrandbits(self, k: int) -> int:
        found = 0
        for _ in range((k + 7) // 8):
            found = found << 8 | next(self._data, 0)
        return found >> (-k % 8)


def _seeds(folder: Path) -> None:
    """To begin with: one input of every sort."""
    folder.mkdir(parents=True, exist_ok=True)
    shipped = [b"\x03" + text.encode()[:LONGEST] for text in lists().values()]
    said = [b"\x01" + text.encode("utf-8", "replace") for text in (*words.REPORTS, *words.HOSTILE)]
    pressed = [b"\x02" + f"{verb}~110101~{'A' * 22}~1~x".encode() for verb in wiring.PRESSES]
    for number, each in enumerate([*shipped, *said, *pressed]):
        (folder / f"seed-{number}").write_bytes(each)


def main(folder: Path, seconds: int, seed: int) -> None:
    corpus = folder / "corpus"
    if not corpus.is_dir():
        _seeds(corpus)
    template = migrated(folder / "template.db")
    flags = [
        f"-max_total_time={seconds}", f"-seed={seed}", f"-max_len={LONGEST}", "-timeout=20",
        f"-artifact_prefix={folder}/broken-", "-rss_limit_mb=1500", "-verbosity=1",
        "-print_final_stats=1",
    ]  # fmt: skip
    atheris.Setup([sys.argv[0], *flags, str(corpus)], Target(template, seed))
    atheris.Fuzz()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
