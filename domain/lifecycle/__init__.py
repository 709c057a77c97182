"""The life of a case: one table of what may happen, one function that decides.

`decide` is the only way a case changes, from chat, clock and web alike. A rule names the
states it starts from, the state it leads to (None: it stays), who may use it, what must be
true, and what it sets; each module here holds the lines of one part of the life, `table` all
of them. docs/lifecycle.md lists the table; a test keeps the two equal.
"""

from domain.lifecycle.alarm import after_edit, after_word, is_asked, words_alone
from domain.lifecycle.checking import is_quarrel
from domain.lifecycle.circles import above, below, circle_after, starts_at_desk
from domain.lifecycle.effects import (
    counts_late,
    handler_due,
    is_suspended,
    limit_unit,
    own_deadline,
    stage_of,
    warn_at,
)
from domain.lifecycle.facts import FACTS, CaseFacts, Change, Given, Moment, Rule, facts_from
from domain.lifecycle.guards import hands_of, never_by_silence
from domain.lifecycle.merging import stays, why_not_one
from domain.lifecycle.returning import disputed
from domain.lifecycle.table import RULES, allowed, colour, decide, page, rule_for
from domain.lifecycle.timing import MOST_EXTENSIONS, USUAL_LIMIT, may_appeal
from domain.lifecycle.words import (
    APPEAL_REASONS,
    BEFORE_DONE,
    ENDED,
    EXTENSION_REASONS,
    FORCE_REASONS,
    HAND_BACK_REASONS,
    HANDLED,
    LISTENERS,
    LOOK_REASONS,
    OPEN,
    OTHERS_REASONS,
    RISE_REASONS,
    SUSPENSION_REASONS,
    UNTAKEN,
    VOID_REASONS,
    Alarm,
    Appeal,
    Closing,
    Colour,
    Stage,
    State,
    Timer,
    Verb,
    WaitsFor,
)

__all__ = [
    "APPEAL_REASONS",
    "BEFORE_DONE",
    "ENDED",
    "EXTENSION_REASONS",
    "FACTS",
    "FORCE_REASONS",
    "HANDLED",
    "HAND_BACK_REASONS",
    "LISTENERS",
    "LOOK_REASONS",
    "MOST_EXTENSIONS",
    "OPEN",
    "OTHERS_REASONS",
    "RISE_REASONS",
    "RULES",
    "SUSPENSION_REASONS",
    "UNTAKEN",
    "USUAL_LIMIT",
    "VOID_REASONS",
    "Alarm",
    "Appeal",
    "CaseFacts",
    "Change",
    "Closing",
    "Colour",
    "Given",
    "Moment",
    "Rule",
    "Stage",
    "State",
    "Timer",
    "Verb",
    "WaitsFor",
    "above",
    "after_edit",
    "after_word",
    "allowed",
    "below",
    "circle_after",
    "colour",
    "counts_late",
    "decide",
    "disputed",
    "facts_from",
    "handler_due",
    "hands_of",
    "is_asked",
    "is_quarrel",
    "is_suspended",
    "limit_unit",
    "may_appeal",
    "never_by_silence",
    "own_deadline",
    "page",
    "rule_for",
    "stage_of",
    "starts_at_desk",
    "stays",
    "warn_at",
    "why_not_one",
    "words_alone",
]
