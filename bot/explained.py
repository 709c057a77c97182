"""Why a text is read as it is, in sentences for whoever keeps the lexicon."""

from collections.abc import Iterable, Iterator
from dataclasses import asdict
from typing import Any

from domain.catalogue import Catalogue, Language
from domain.reading import Lexicon, Model, Reading, read
from domain.reading.ear import NOW, REPORT
from domain.reading.explaining import Explanation, Spoke, explain
from services.texts import plain

# marks of the lexicon that say something about a text by themselves, in the order of the page
MARKS = {
    "NOW": "reading.mark_now",
    "BEFORE": "reading.mark_before",
    "AFTER": "reading.mark_after",
    "STILL": "reading.mark_still",
    "FRAME": "reading.mark_frame",
    "SOLVED": "reading.mark_solved",
    "ASK": "reading.mark_ask",
    "STATE": "reading.mark_state",
    "CHAT": "reading.mark_chat",
    "BLOCK": "reading.mark_block",
}
PARTS = {
    "building": "reading.part_building",
    "unit": "reading.part_unit",
    "floor": "reading.part_floor",
    "room": "reading.part_room",
    "landmark": "reading.part_landmark",
}
REASONS = {
    "kind": "reading.why_kind",
    "condition": "reading.why_condition",
    "sound": "reading.why_sound",
}
MOST = 8  # words of a sort that are named


def explained(
    text: str, lexicon: Lexicon, catalogue: Catalogue, model: Model | None, language: Language
) -> str:
    """A page of what the text was read as, and of the words that spoke for it."""
    found = read(text, lexicon, catalogue, model)
    why = explain(text, lexicon, [code for code, _ in found.kinds], model)
    page = _Page(catalogue, language, found, why)
    return "\n".join(page.lines())


class _Page:
    def __init__(
        self, catalogue: Catalogue, language: Language, found: Reading, why: Explanation
    ) -> None:
        self._catalogue, self._language = catalogue, language
        self._found, self._why = found, why

    def lines(self) -> Iterator[str]:
        found, why = self._found, self._why
        yield self._say("reading.explain_report", p=_percent(found.report))
        yield from self._heard(REPORT)
        for code, p in found.kinds:
            yield self._say("reading.explain_kind", p=_percent(p), kind=self._name(code))
            yield from self._for_kind(code)
        yield self._condition()
        yield self._urgency()
        yield from self._heard(NOW)
        yield self._place()
        kinds = dict(found.kinds)
        rest = [code for code in why.words if self._is_kind(code) and code not in kinds]
        if rest:
            told = "; ".join(f"{code}: {self._words(why.words[code])}" for code in rest[:MOST])
            yield self._say("reading.explain_others", words=told)
        for mark, key in MARKS.items():
            if mark in why.words:
                yield self._say(key, words=self._words(why.words[mark]))

    def _for_kind(self, code: str) -> Iterator[str]:
        why = self._why
        if code in why.words:
            yield "  " + self._say("reading.explain_by_words", words=self._words(why.words[code]))
        if code in why.learnt:
            p, runs = why.learnt[code]
            yield "  " + self._say(
                "reading.explain_by_model", p=_percent(p), words=" ".join(runs) or "–"
            )
        yield from self._heard(code)

    def _heard(self, label: str) -> Iterator[str]:
        if self._why.heard.get(label):
            yield "  " + self._say("reading.explain_heard", words=" ".join(self._why.heard[label]))

    def _condition(self) -> str:
        code, number = self._found.kinds[0][0], self._found.condition
        if number is None:
            return self._say("reading.explain_no_condition")
        told = self._catalogue.conditions(code)[number].text(self._language)
        words = self._words(self._why.conditions.get((code, number), ()))
        return self._say("reading.explain_condition", number=number, condition=told, words=words)

    def _urgency(self) -> str:
        reason = self._found.urgency_reason
        told = self._say(f"urgency.{self._found.urgency}")
        if not reason:
            return self._say("reading.explain_urgency", urgency=told)
        why = self._say(REASONS[reason]) if reason in REASONS else f"“{reason}”"
        return self._say("reading.explain_urgency_by", urgency=told, why=why)

    def _place(self) -> str:
        norm = asdict(self._found.place_norm)
        parts = {name: said for name, said in asdict(self._found.place).items() if said}
        told = [f"{self._say(PARTS[name])} {said} → {norm[name]}" for name, said in parts.items()]
        return self._say("reading.explain_place", parts="; ".join(told) or "–")

    def _words(self, spoken: Iterable[Spoke]) -> str:
        """Words with what they count, a silenced one in brackets."""
        told = [f"{each.word} {each.weight:g}" for each in spoken if not each.silenced]
        told += [f"({each.word} {each.weight:g})" for each in spoken if each.silenced]
        return ", ".join(told[:MOST]) or "–"

    def _is_kind(self, code: str) -> bool:
        return code in self._catalogue.kinds or code in self._catalogue.matters

    def _name(self, code: str) -> str:
        kind = self._catalogue.kinds.get(code) or self._catalogue.matters.get(code)
        return code if kind is None else f"{code} {kind.name(self._language)}"

    def _say(self, key: str, **facts: Any) -> str:
        return plain(key, self._language, **facts)


def _percent(p: float) -> str:
    return f"{p:.0%}"
