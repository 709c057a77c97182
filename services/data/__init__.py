"""The catalogue and lexicon that ship with the service; districts edit their own copy."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import Literal

from domain.reading import Ear
from domain.reading.ear import load

EAR = "ear.bin"

Name = Literal["kinds", "conditions", "not_admitted", "lexicon"]


def default_rows(name: Name) -> list[dict[str, str]]:
    """The rows of a shipped table, keyed by its header. FileNotFoundError for other names."""
    return list(each_row(name))


def each_row(name: Name) -> Iterator[dict[str, str]]:
    """The same one after the other: the lexicon's thousands are never needed at once."""
    with files(__name__).joinpath(f"{name}.csv").open(encoding="utf-8-sig") as stream:
        yield from csv.DictReader(stream)


@cache  # one for all districts
def ear() -> Ear:
    """What was learnt of how people say it, from our own texts."""
    return load(files(__name__).joinpath(EAR).read_bytes())
