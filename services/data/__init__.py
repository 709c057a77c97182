"""The catalogue and lexicon that ship with the service; districts edit their own copy."""

from __future__ import annotations

import csv
import io
from importlib.resources import files
from typing import Literal

Name = Literal["kinds", "conditions", "not_admitted", "lexicon"]


def default_rows(name: Name) -> list[dict[str, str]]:
    """The rows of a shipped table, keyed by its header. FileNotFoundError for other names."""
    text = files(__name__).joinpath(f"{name}.csv").read_text(encoding="utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))
