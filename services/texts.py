"""Every sentence the service says, by key and language.

Sentences live in `services/locale/<language>/*.po` (gettext); the msgid is the key, so
that a sentence is never put together from pieces. A plural form depends on `n`.
"""

from collections.abc import Callable
from functools import cache
from html import escape
from importlib.resources import files
from typing import Any

from babel.messages.pofile import read_po
from babel.plural import PluralRule, to_python

LANGUAGES = ("zh-Hans", "zh-Hant", "en")
DEFAULT = "zh-Hans"
# gettext's own order of plural forms: Chinese has one, English two
_PLURALS = {
    "zh-Hans": PluralRule({}),
    "zh-Hant": PluralRule({}),
    "en": PluralRule({"one": "n is 1"}),
}


class MissingText(KeyError):
    """A key that no .po file has: a mistake of ours, found by a test."""


@cache
def _load(language: str) -> dict[str, tuple[str, ...]]:
    folder = files("services") / "locale" / language.replace("-", "_")
    found: dict[str, tuple[str, ...]] = {}
    for path in sorted(folder.iterdir(), key=lambda each: each.name):
        if not path.name.endswith(".po"):
            continue
        with path.open("rb") as stream:
            for message in read_po(stream):
                if message.id:
                    key, forms = _forms(message.id, message.string)
                    found[key] = forms
    return found


def _forms(msgid: Any, string: Any) -> tuple[str, tuple[str, ...]]:
    key = msgid[0] if isinstance(msgid, tuple) else msgid
    return key, tuple(string) if isinstance(string, tuple) else (string,)


@cache
def _plural(language: str) -> Callable[[int], str]:
    rule: Callable[[int], str] = to_python(_PLURALS[language])
    return rule


def keys(language: str) -> frozenset[str]:
    """Every key that has a sentence in `language`."""
    return frozenset(key for key, forms in _load(language).items() if forms[0])


def language_of(code: str | None) -> str:
    """Our language nearest to an IETF tag (`zh-hant`, `zh-HK`, `en-GB`); None: the default.

    A tongue that we don't speak is answered in English.
    """
    if not code:
        return DEFAULT
    low = code.lower()
    if low.startswith("zh"):
        traditional = any(tag in low for tag in ("hant", "tw", "hk", "mo"))
        return "zh-Hant" if traditional else "zh-Hans"
    return "en"


def say(key: str, language: str = DEFAULT, *, n: int | None = None, **facts: Any) -> str:
    """The sentence `key` as HTML, every inserted value escaped.

    `n` chooses the plural form and fills `{n}`. Raises MissingText for an unknown key.
    """
    return _filled(key, language, n, {name: escape(str(v)) for name, v in facts.items()})


def plain(key: str, language: str = DEFAULT, *, n: int | None = None, **facts: Any) -> str:
    """The sentence as plain text (button labels, alerts): nothing is escaped."""
    return _filled(key, language, n, facts)


def _filled(key: str, language: str, n: int | None, facts: dict[str, Any]) -> str:
    forms = _load(language).get(key)
    if not forms or not forms[0]:
        raise MissingText(f"{key} ({language})")
    if n is None:
        return forms[0].format_map(facts)
    index = 0 if len(forms) == 1 or _plural(language)(n) == "one" else 1
    return forms[index].format_map({**facts, "n": n})
