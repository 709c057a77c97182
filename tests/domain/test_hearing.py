"""In a group that listens, little is asked about, and danger sooner."""

from dataclasses import replace

import pytest

from bench.reading import usual
from domain.reading import read
from domain.reading.hearing import Heard, hear
from services.data import ear

LEXICON = usual(ear())
CATALOGUE = LEXICON.catalogue
SURE, SOONER = 0.7, 0.3
READING = replace(
    read("", LEXICON), kinds=(("LS03", 0.9),), urgency="normal", urgency_reason="", condition=None
)


@pytest.mark.parametrize(("p", "asked"), [(0.69, None), (0.7, Heard())])
def test_a_report_is_asked_about_from_its_threshold(p: float, asked: Heard | None):
    assert hear(replace(READING, report=p), CATALOGUE, SURE, SOONER) == asked


@pytest.mark.parametrize(("p", "asked"), [(0.29, None), (0.3, Heard(danger=True))])
def test_danger_is_asked_about_sooner(p: float, asked: Heard | None):
    urgent = replace(READING, report=p, urgency="now")
    assert hear(urgent, CATALOGUE, SURE, SOONER) == asked


@pytest.mark.parametrize("code", ["LS18", "PO03"])
def test_what_is_for_one_named_person_is_danger_aside(code: str):
    cry = replace(READING, report=SOONER, kinds=((code, 0.5),))
    assert hear(cry, CATALOGUE, SURE, SOONER) == Heard(danger=True, aside=True)


def test_what_is_of_no_kind_is_heard_all_the_same():
    assert hear(replace(READING, report=0.9, kinds=()), CATALOGUE, SURE, SOONER) == Heard()
