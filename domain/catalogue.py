"""The catalogue: what may be reported, under which conditions, and what belongs elsewhere.

A kind says who answers, how urgent it is and what to do first; its filing conditions carry the
limits. A matter not admitted is shown the way to the office that decides on it. Everything here
is read from table rows; reading the files is somebody else's work.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Generic, Literal, TypeVar, cast

from domain.worktime import Unit

Circle = Literal["micro", "small", "big"]
Urgency = Literal["now", "soon", "normal"]
Reach = Literal["owner", "team", "named"]
Evidence = Literal["photo", "note", "none"]
Privacy = Literal["public", "private"]
Verify = Literal["reporter", "onsite", "sample"]
Language = Literal["zh-Hans", "zh-Hant", "en"]

CIRCLES = ("micro", "small", "big")
URGENCIES = ("now", "soon", "normal")
REACHES = ("owner", "team", "named")
EVIDENCES = ("photo", "note", "none")
PRIVACIES = ("public", "private")
VERIFIES = ("reporter", "onsite", "sample")
SIDES = ("one", "two")
UNITS = ("wall_hours", "work_hours", "work_days", "calendar_days")

OTHER = "LS99"  # the kind of what fits no other
MAX_LIMIT = 1000  # of any unit; more is a slip of the pen

T = TypeVar("T")

CURES = {
    "missing": "Fill in this column.",
    "no_column": "Add this column to the first line of the file.",
    "duplicate": "Give each code once; remove or rename this row.",
    "not_a_code": "Write two to four capitals followed by two digits, such as PS01.",
    "not_a_choice": "Write one of: {choices}.",
    "not_a_limit": "Write a whole number from 1 to 1000, without unit.",
    "not_days": "Write numbers of days, rising, separated by semicolons, such as 7;30.",
    "not_a_weight": "Write a number above 0 and up to 10.",
    "unknown_kind": "Use a code that the kinds table has, or add the kind there first.",
    "no_condition": "Give the kind at least one row in the conditions table.",
    "no_other": f"Keep the kind {OTHER}: what fits nowhere else goes there.",
}


@dataclass(unsafe_hash=True)
class CatalogueError(Exception):
    """A row that can't be used. `row` counts as a spreadsheet does: the header is row 1."""

    row: int
    column: str
    code: str
    value: str
    choices: tuple[str, ...] = ()

    @property
    def cure(self) -> str:
        """One sentence that says what to write instead."""
        return CURES[self.code].format(choices=", ".join(self.choices))

    def __str__(self) -> str:
        return f"row {self.row}, column {self.column}: {self.code} {self.value!r}. {self.cure}"


def _in(language: Language, hans: str, hant: str, en: str) -> str:
    """The text in the reader's language; one that wasn't written in zh-Hant is read in zh-Hans."""
    return {"zh-Hans": hans, "zh-Hant": hant or hans, "en": en}[language]


@dataclass(frozen=True, slots=True)
class Condition:
    """When a kind is filed, by when it must be settled and what counts as settled.

    `limit_value` is in `limit_unit`; `source` is a published row or "own", our own estimate.
    `*_zh_hant` may be empty in a catalogue of one's own: then zh-Hant readers get the zh-Hans text.
    """

    kind: str
    text_zh: str
    text_en: str
    limit_value: int
    limit_unit: Unit
    closing_zh: str
    closing_en: str
    source: str
    text_zh_hant: str = ""
    closing_zh_hant: str = ""

    def text(self, language: Language) -> str:
        """The condition in the reader's language."""
        return _in(language, self.text_zh, self.text_zh_hant, self.text_en)

    def closing(self, language: Language) -> str:
        """What must be true before the case closes."""
        return _in(language, self.closing_zh, self.closing_zh_hant, self.closing_en)


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of matter. `circle` is whose authority settles it, `lead` the office in charge.

    `emergency_number` are numbers or, where they differ by city, services (gas, power, water),
    the first to be called first. `revisit_days` count from closing. `first_steps_*` are empty
    where there are none. `two_sides`: a quarrel, in which both have a word. `danger_*`: asked of
    who reported danger; yes means that it is urgent. Empty: the question of the kind OTHER.
    """

    code: str
    kind_class: str
    name_zh_hans: str
    name_zh_hant: str
    name_en: str
    description_en: str
    circle: Circle
    lead: str
    default_urgency: Urgency
    reach: Reach
    evidence: Evidence
    privacy: Privacy
    verify: Verify
    revisit_days: tuple[int, ...]
    emergency_number: tuple[str, ...]
    source: str
    first_steps_zh_hans: str
    first_steps_en: str
    two_sides: bool = False
    first_steps_zh_hant: str = ""
    danger_zh_hans: str = ""
    danger_zh_hant: str = ""
    danger_en: str = ""

    def name(self, language: Language) -> str:
        """The kind's name as people see it."""
        names = {"zh-Hans": self.name_zh_hans, "zh-Hant": self.name_zh_hant, "en": self.name_en}
        return names[language]

    def first_steps(self, language: Language) -> str:
        """What to do before anybody comes; empty if nothing."""
        texts = (self.first_steps_zh_hans, self.first_steps_zh_hant, self.first_steps_en)
        return _in(language, *texts)

    def danger(self, language: Language) -> str:
        """Whether it is urgent, as a question to who reported it; empty if it has none."""
        return _in(language, self.danger_zh_hans, self.danger_zh_hant, self.danger_en)


@dataclass(frozen=True, slots=True)
class Matter:
    """A matter that is not admitted, and where it belongs."""

    code: str
    name_zh_hans: str
    name_zh_hant: str
    name_en: str
    where_to_go_zh: str
    where_to_go_en: str
    where_to_go_zh_hant: str = ""

    def name(self, language: Language) -> str:
        """The matter's name as people see it."""
        names = {"zh-Hans": self.name_zh_hans, "zh-Hant": self.name_zh_hant, "en": self.name_en}
        return names[language]

    def where_to_go(self, language: Language) -> str:
        """The office that decides on it."""
        return _in(language, self.where_to_go_zh, self.where_to_go_zh_hant, self.where_to_go_en)


@dataclass(frozen=True, slots=True)
class Parsed(Generic[T]):
    """What could be read and what could not."""

    items: tuple[T, ...]
    errors: tuple[CatalogueError, ...]

    def required(self) -> tuple[T, ...]:
        """The items, or an ExceptionGroup of all the errors."""
        if self.errors:
            raise ExceptionGroup("the catalogue has errors", list(self.errors))
        return self.items


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Kinds, their conditions and the matters not admitted, by code."""

    kinds: Mapping[str, Kind] = field(default_factory=dict)
    conditions_by_kind: Mapping[str, tuple[Condition, ...]] = field(default_factory=dict)
    matters: Mapping[str, Matter] = field(default_factory=dict)

    @classmethod
    def build(
        cls, kinds: Iterable[Kind], conditions: Iterable[Condition], matters: Iterable[Matter]
    ) -> Catalogue:
        """A catalogue from parsed rows; conditions keep the order of their rows."""
        by_kind: dict[str, tuple[Condition, ...]] = {}
        for condition in conditions:
            by_kind[condition.kind] = (*by_kind.get(condition.kind, ()), condition)
        return cls({k.code: k for k in kinds}, by_kind, {m.code: m for m in matters})

    def kind(self, code: str) -> Kind:
        """The kind of this code; KeyError if the catalogue has none."""
        return self.kinds[code]

    def conditions(self, code: str) -> tuple[Condition, ...]:
        """The filing conditions of a kind in the catalogue's order; empty for unknown codes."""
        return self.conditions_by_kind.get(code, ())

    def matter(self, code: str) -> Matter:
        """The matter not admitted of this code; KeyError if there is none."""
        return self.matters[code]

    def danger(self, code: str, language: Language) -> str:
        """The question whether it is urgent: the kind's own, else the one for any; "" if none."""
        asked = (self.kinds[each] for each in (code, OTHER) if each in self.kinds)
        return next((said for kind in asked if (said := kind.danger(language))), "")

    def admits(self, code: str) -> bool:
        """Whether this code is a kind that reaches a worker."""
        return code in self.kinds

    def name(self, code: str, language: Language) -> str:
        """The name of a kind or a matter not admitted; KeyError for unknown codes."""
        return (self.kinds.get(code) or self.matters[code]).name(language)


Row = Mapping[str, str]


def parse_kinds(rows: Iterable[Row]) -> Parsed[Kind]:
    """Kinds from dict rows as csv.DictReader gives them, with everything that is wrong."""
    parsed = _parse(rows, _kind, "code")
    codes = {kind.code for kind in parsed.items}
    if parsed.errors or OTHER in codes:
        return parsed
    return Parsed(parsed.items, (CatalogueError(1, "code", "no_other", ""),))


def parse_conditions(rows: Iterable[Row], kinds: Iterable[Kind] = ()) -> Parsed[Condition]:
    """Filing conditions from dict rows; given `kinds`, every kind needs one and no other."""
    known = frozenset(kind.code for kind in kinds)
    rows = list(rows)
    parsed = _parse(rows, lambda row: _condition(row, known))
    bare = sorted(known - {row.get("code", "") for row in rows})
    alone = (CatalogueError(1, "code", "no_condition", code) for code in bare)
    return Parsed(parsed.items, (*parsed.errors, *alone))


def parse_not_admitted(rows: Iterable[Row]) -> Parsed[Matter]:
    """Matters not admitted from dict rows."""
    return _parse(rows, _matter, "code")


@dataclass(frozen=True, slots=True)
class _Fields:
    """One row while it is read; what is wrong gathers in `errors`."""

    number: int
    values: Row
    errors: list[CatalogueError]

    def wrong(self, column: str, code: str, choices: tuple[str, ...] = ()) -> None:
        value = self.values.get(column) or ""
        self.errors.append(CatalogueError(self.number, column, code, value, choices))

    def later(self, column: str) -> str:
        """What lists from before the column existed leave out."""
        return (self.values.get(column) or "").strip()

    def optional(self, column: str) -> str:
        value = self.values.get(column)
        if value is None:
            self.wrong(column, "no_column")
        return (value or "").strip()

    def text(self, column: str) -> str:
        value = self.optional(column)
        if not value and self.values.get(column) is not None:
            self.wrong(column, "missing")
        return value

    def code(self, column: str) -> str:
        value = self.text(column)
        head, digits = value[:-2], value[-2:]
        if value and not (_is_capitals(head) and digits.isascii() and digits.isdigit()):
            self.wrong(column, "not_a_code")
        return value

    def choice(self, column: str, choices: tuple[str, ...]) -> str:
        value = self.text(column)
        if value and value not in choices:
            self.wrong(column, "not_a_choice", choices)
        return value

    def sides(self) -> str:
        """One where the column is empty; older files are without it (services/catalogue)."""
        return self.choice("sides", SIDES) if self.values.get("sides") else "one"

    def limit(self, column: str) -> int:
        value = self.text(column)
        number = int(value) if value.isascii() and value.isdigit() else 0
        if value and not 1 <= number <= MAX_LIMIT:
            self.wrong(column, "not_a_limit")
        return number

    def many(self, column: str) -> tuple[str, ...]:
        parts = (part.strip() for part in self.optional(column).split(";"))
        return tuple(part for part in parts if part)

    def days(self, column: str) -> tuple[int, ...]:
        parts = self.many(column)
        days = [int(part) if part.isascii() and part.isdigit() else 0 for part in parts]
        if days != sorted(set(days)) or 0 in days:
            self.wrong(column, "not_days")
        return tuple(days)


def _is_capitals(text: str) -> bool:
    return 2 <= len(text) <= 4 and text.isascii() and text.isalpha() and text.isupper()


def _parse(
    rows: Iterable[Row], read: Callable[[_Fields], T], unique: str | None = None
) -> Parsed[T]:
    items: list[T] = []
    errors: list[CatalogueError] = []
    seen: set[str] = set()
    for number, row in enumerate(rows, start=2):
        fields = _Fields(number, row, [])
        item = read(fields)
        if unique and row.get(unique) in seen:
            fields.wrong(unique, "duplicate")
        if fields.errors:
            errors += fields.errors
            continue
        items.append(item)
        seen.add(row.get(unique or "", ""))
    return Parsed(tuple(items), tuple(errors))


def _kind(row: _Fields) -> Kind:
    return Kind(
        code=row.code("code"),
        kind_class=row.text("class"),
        name_zh_hans=row.text("name_zh_hans"),
        name_zh_hant=row.text("name_zh_hant"),
        name_en=row.text("name_en"),
        description_en=row.optional("description_en"),
        circle=cast(Circle, row.choice("circle", CIRCLES)),
        lead=row.text("lead"),
        default_urgency=cast(Urgency, row.choice("default_urgency", URGENCIES)),
        reach=cast(Reach, row.choice("reach", REACHES)),
        evidence=cast(Evidence, row.choice("evidence", EVIDENCES)),
        privacy=cast(Privacy, row.choice("privacy", PRIVACIES)),
        verify=cast(Verify, row.choice("verify", VERIFIES)),
        revisit_days=row.days("revisit_days"),
        emergency_number=row.many("emergency_number"),
        source=row.text("source"),
        first_steps_zh_hans=row.optional("first_steps_zh_hans"),
        first_steps_en=row.optional("first_steps_en"),
        two_sides=row.sides() == "two",
        first_steps_zh_hant=row.later("first_steps_zh_hant"),
        danger_zh_hans=row.later("danger_zh_hans"),
        danger_zh_hant=row.later("danger_zh_hant"),
        danger_en=row.later("danger_en"),
    )


def _condition(row: _Fields, known: frozenset[str]) -> Condition:
    if known and row.values.get("code") not in known:
        row.wrong("code", "unknown_kind")
    return Condition(
        kind=row.code("code"),
        text_zh=row.text("condition_zh"),
        text_en=row.text("condition_en"),
        limit_value=row.limit("limit_value"),
        limit_unit=cast(Unit, row.choice("limit_unit", UNITS)),
        closing_zh=row.text("closing_condition_zh"),
        closing_en=row.text("closing_condition_en"),
        source=row.text("source"),
        text_zh_hant=row.later("condition_zh_hant"),
        closing_zh_hant=row.later("closing_condition_zh_hant"),
    )


def _matter(row: _Fields) -> Matter:
    return Matter(
        code=row.code("code"),
        name_zh_hans=row.text("name_zh_hans"),
        name_zh_hant=row.text("name_zh_hant"),
        name_en=row.text("name_en"),
        where_to_go_zh=row.text("where_to_go_zh"),
        where_to_go_en=row.text("where_to_go_en"),
        where_to_go_zh_hant=row.later("where_to_go_zh_hant"),
    )
