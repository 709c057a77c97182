"""The life of a case: one table of what may happen, one function that decides.

`decide` is the only way a case changes, from chat, clock and web alike. A rule names the
states it starts from, the state it leads to (None: it stays), who may use it, what must be
true, and what it sets; each module here holds the lines of one part of the life, `table` all
of them. docs/lifecycle.md lists the table; a test keeps the two equal.
"""

from domain.lifecycle.effects import warn_at
from domain.lifecycle.facts import CaseFacts, Change, Given, Moment, Rule
from domain.lifecycle.guards import never_by_silence
from domain.lifecycle.table import RULES, allowed, colour, decide, page, rule_for
from domain.lifecycle.words import (
    BEFORE_DONE,
    ENDED,
    HAND_BACK_REASONS,
    HANDLED,
    OPEN,
    OTHERS_REASONS,
    UNTAKEN,
    Closing,
    Colour,
    State,
    Timer,
    Verb,
)

__all__ = [
    "BEFORE_DONE",
    "ENDED",
    "HANDLED",
    "HAND_BACK_REASONS",
    "OPEN",
    "OTHERS_REASONS",
    "RULES",
    "UNTAKEN",
    "CaseFacts",
    "Change",
    "Closing",
    "Colour",
    "Given",
    "Moment",
    "Rule",
    "State",
    "Timer",
    "Verb",
    "allowed",
    "colour",
    "decide",
    "never_by_silence",
    "page",
    "rule_for",
    "warn_at",
]
