"""The rules' word and the model's, joined: the model adds, and never quiets danger."""

from domain.catalogue import Catalogue, parse_conditions, parse_kinds, parse_not_admitted
from domain.reading import Lexicon, read
from domain.reading.joining import joined
from domain.reading.model import Model, Trained, dump, load
from services.data import default_rows, ear

CATALOGUE = Catalogue.build(
    parse_kinds(default_rows("kinds")).items,
    parse_conditions(default_rows("conditions")).items,
    parse_not_admitted(default_rows("not_admitted")).items,
)
LEXICON = Lexicon.build(default_rows("lexicon"), CATALOGUE, ear())


def model(label: str, *grams: str, share: float = 0.5) -> Model:
    """One that is sure of `label` once it sees one of the runs, else of another."""
    trained = Trained(
        labels=(label, "EN01"),
        grams=grams,
        weights=tuple((9.0, -9.0, 1.0) for _ in grams),
        biases=(-3.0, 3.0),
        temperature=1.0,
        numbers=False,
        share=share,
    )
    return load(dump(trained))


def first(text: str, found: Model | None = None) -> tuple[str, float]:
    return read(text, LEXICON, CATALOGUE, found).kinds[0]


def test_a_word_that_only_this_town_uses_is_understood_by_the_model() -> None:
    assert first("老地方那个呱呱又哑了")[0] == "LS99"
    assert first("老地方那个呱呱又哑了", model("LS03", "呱呱", share=0.6))[0] == "LS03"


def test_without_a_share_the_rules_speak_alone() -> None:
    mute = model("LS03", "呱呱", share=0.0)
    assert read("呱呱哑了", LEXICON, CATALOGUE, mute) == read("呱呱哑了", LEXICON, CATALOGUE)


def test_the_model_says_nothing_where_the_rules_see_danger_or_despair() -> None:
    for text in ("楼道里有很重的煤气味", "我不想活了"):
        assert read(text, LEXICON, CATALOGUE, model("UM05", "煤气", "想活", share=1.0)) == read(
            text, LEXICON, CATALOGUE
        )


def test_a_danger_that_the_rules_only_guess_at_silences_nobody_but_a_named_matter_does() -> None:
    sure = model("LS03", "呱呱", share=0.6)
    assert joined((("PS01", 0.1),), "呱呱", CATALOGUE, sure)[0][0] == "LS03"
    assert joined((("PS01", 0.4),), "呱呱", CATALOGUE, sure) == (("PS01", 0.4),)
    assert joined((("LS18", 0.1),), "呱呱", CATALOGUE, sure) == (("LS18", 0.1),)


def test_a_kind_that_the_district_has_dropped_is_not_said() -> None:
    kinds = read("呱呱哑了", LEXICON, CATALOGUE, model("ZZ99", "呱呱")).kinds
    assert "ZZ99" not in [code for code, _ in kinds]


def test_probabilities_of_both_are_at_most_one_together_and_fall() -> None:
    kinds = read("三号楼电梯坏了", LEXICON, CATALOGUE, model("LS03", "电梯")).kinds
    assert len(kinds) <= 3
    assert sum(p for _, p in kinds) <= 1.001
    assert [p for _, p in kinds] == sorted((p for _, p in kinds), reverse=True)
