"""The one expected error: what was asked for can't be done, and the person is told why."""

from typing import Any


class Refused(Exception):
    """Nothing was changed. `code` names the sentence (`refused.<code>`), `facts` fill it.

    Said to the person in their language; never logged as an error.
    """

    def __init__(self, code: str, **facts: Any) -> None:
        super().__init__(code)
        self.code = code
        self.facts = facts
