"""What a district can learn from: its own cases whose kind people put right or let stand.

Never a private one, nothing that the retention rules have erased, no numbers, no personal data.
What is read here is trained outside of any unit of work, by `learn`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel import Session, col, select

from domain.catalogue import OTHER, Catalogue
from domain.lifecycle import Closing, State, Verb
from domain.reading import MASK, Lexicon, Model, mask, read
from domain.reading.model import GAP, dump, load
from domain.refused import Refused
from models import Case, CaseEvent
from services.catalogue import catalogue, lexicon
from services.equipment import policy
from services.learnt import InUse, in_use
from services.training import Figures, TooFew, figures, train

# below this a model is no better than rules: measured on titles of real petitions
LEAST_TEXTS = 350
# texts held back to judge by; fewer say nothing
LEAST_HELD = 50
HELD = 5  # one part of so many is held back, the newest
TUNED = 4  # of the others one part of so many tells how much the model's word weighs
MOST_TEXTS = 20_000  # the newest
SHARES = tuple(n / 20 for n in range(20))

# who looked at the outcome and let the kind stand
LOOKED_AT = (Closing.SETTLED, Closing.CHECKED, Closing.ON_THE_SPOT)
NOT_OURS = (State.NOT_ADMITTED, State.WITHDRAWN, State.VOIDED, State.ARCHIVED)


@dataclass(frozen=True, slots=True)
class Text:
    """A case's words without what is personal, and the kind that people gave it. `person`: a key
    by which one writer's texts are told from another's, not kept. `known`: people gave or saw the
    kind; else it is the reading's own guess."""

    words: str
    kind: str
    person: UUID
    at: datetime
    corrected: bool
    known: bool = True


@dataclass(frozen=True, slots=True)
class Lesson:
    """What was learnt. `before`, `after`: on the texts held back, by what reads now and by the new
    model beside the rules. `better`: more of them right, and surer of it."""

    artefact: bytes
    texts: int
    corrected: int
    held: int
    share: float
    before: Figures
    after: Figures

    @property
    def better(self) -> bool:
        """Whether it should read from now on."""
        right = self.after.accuracy >= self.before.accuracy
        return right and self.after.loss < self.before.loss


def labelled(session: Session, district: str, now: datetime) -> list[Text]:
    """The district's texts to learn from, the oldest first: whose kind somebody corrected, or saw
    to the end without correcting it."""
    return [text for text in public_words(session, district, now).values() if text.known]


def public_words(session: Session, district: str, now: datetime) -> dict[UUID, Text]:
    """By case, the oldest first, the words of public cases that still have them, without what is
    personal."""
    found, words = catalogue(session, district), lexicon(session, district)
    since = now - timedelta(days=policy(session).keep_closed_days)
    given, private = _given_kinds(session, district), _once_private(session, district)
    texts: dict[UUID, Text] = {}
    for case in reversed(list(_cases(session, district, since))):
        kind = found.kinds.get(case.kind)
        if kind is None or kind.privacy == "private" or case.id in private:
            continue
        corrected = given.get(case.id) == case.kind
        seen = case.state == State.CLOSED and case.closing in LOOKED_AT
        bare = mask(case.text, read(case.text, words, found)).replace(MASK, GAP)
        writer = case.reporter or case.filed_by or case.id
        texts[case.id] = Text(bare, case.kind, writer, case.opened_at, corrected, corrected or seen)
    return texts


def _cases(session: Session, district: str, since: datetime) -> Iterable[Case]:
    """Public cases that still have their words, the newest first."""
    query = select(Case).where(
        Case.district == district,
        col(Case.private).is_(False),
        Case.reach != "named",
        Case.kind != OTHER,
        Case.text != "",
        col(Case.archived_at).is_(None),
        col(Case.state).not_in([str(state) for state in NOT_OURS]),
        col(Case.closed_at).is_(None) | (col(Case.closed_at) > since),
    )
    return session.exec(query.order_by(col(Case.opened_at).desc()).limit(MOST_TEXTS))


def _given_kinds(session: Session, district: str) -> dict[UUID, str]:
    """By case, the kind that somebody gave it last."""
    query = select(CaseEvent.case, CaseEvent.facts).where(
        CaseEvent.district == district, CaseEvent.verb == str(Verb.CORRECT_KIND)
    )
    return {
        case: facts.get("kind", "")
        for case, facts in session.exec(query.order_by(col(CaseEvent.at)))
    }


def _once_private(session: Session, district: str) -> set[UUID]:
    """Cases whose privacy was ever a question: nothing is learnt from them."""
    query = select(CaseEvent.case).where(
        CaseEvent.district == district, CaseEvent.verb == str(Verb.SET_PRIVACY)
    )
    return set(session.exec(query.distinct()))


# --- outside of a unit of work ---


@dataclass(frozen=True, slots=True)
class Beside:
    """What a new model would read beside: a district's words, kinds, and the model in use."""

    words: Lexicon
    found: Catalogue
    now: InUse | None = None


def beside_of(session: Session, district: str) -> Beside:
    """What a district reads with now."""
    return Beside(
        lexicon(session, district), catalogue(session, district), in_use(session, district)
    )


def learn(texts: Sequence[Text], beside: Beside) -> Lesson:
    """Train on the texts (the oldest first), and judge by the newest that came after the model in
    use was made. Takes seconds to minutes.

    Raises Refused `too_few_texts`, `too_little_new`, `nothing_to_learn`.
    """
    words, found, now = beside.words, beside.found, beside.now
    if len(texts) < LEAST_TEXTS:
        raise Refused("too_few_texts", n=len(texts), least=LEAST_TEXTS)
    newest = texts[-(len(texts) // HELD) :]
    held = [text for text in newest if now is None or text.at > now.made_at]
    if len(held) < LEAST_HELD:
        raise Refused("too_little_new", n=len(held), least=LEAST_HELD)
    rest = texts[: len(texts) - len(held)]
    try:
        share = _share(rest, words, found)
        after = _read(held, words, found, _trained(rest, share)[1])
        artefact = _trained(texts, share)[0]
    except TooFew:
        raise Refused("nothing_to_learn") from None
    return Lesson(
        artefact,
        len(texts),
        sum(text.corrected for text in texts),
        len(held),
        share,
        _read(held, words, found, now.model if now else None),
        after,
    )


def _share(texts: Sequence[Text], words: Lexicon, found: Catalogue) -> float:
    """How much the model's word weighs: what makes the newest of these texts likeliest."""
    cut = len(texts) - len(texts) // TUNED
    model = _trained(texts[:cut], 1.0)[1]
    trials = [(_read(texts[cut:], words, found, replace(model, share=s)).loss, s) for s in SHARES]
    return min(trials)[1]


def _trained(texts: Sequence[Text], share: float) -> tuple[bytes, Model]:
    told = [(text.words, text.kind) for text in texts]
    people = [text.person for text in texts]
    artefact = dump(train(told, numbers=False, people=people, share=share))
    return artefact, load(artefact)


def _read(texts: Sequence[Text], words: Lexicon, found: Catalogue, model: Model | None) -> Figures:
    guesses = [read(text.words, words, found, model).kinds for text in texts]
    return figures(guesses, [text.kind for text in texts])
