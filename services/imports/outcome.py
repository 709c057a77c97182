"""What an import did, or why it did nothing."""

from dataclasses import dataclass, field
from typing import Any

# more are counted and not kept: the first ones show what is wrong
MOST_PROBLEMS = 50
HEADER = 1


@dataclass(frozen=True, slots=True)
class Problem:
    """What can't be used, and where. `row` counts as a spreadsheet does: the header is 1.

    `code` names the sentence `importing.problem.<code>`, which says what is wrong and the cure;
    `facts` fill it. `row` 0 means the whole file.
    """

    row: int
    column: str
    code: str
    value: str = ""
    facts: dict[str, Any] = field(default_factory=dict)


class Unreadable(Exception):
    """A file breaks off at `row`; `code` and `facts` as in Problem."""

    def __init__(self, row: int, code: str, **facts: Any) -> None:
        super().__init__(code)
        self.row, self.code, self.facts = row, code, facts


@dataclass(slots=True)
class Outcome:
    """Rows by what became of them. With a problem nothing was written.

    `ended`: what the new list no longer has and is therefore out of use (never deleted).
    `remarks`: what came in all the same and somebody should know (`importing.remark.<code>`).
    """

    sheet: str
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    ended: int = 0
    problems: list[Problem] = field(default_factory=list)
    problem_count: int = 0
    remarks: list[Problem] = field(default_factory=list)
    remark_count: int = 0

    @property
    def failed(self) -> bool:
        return self.problem_count > 0

    def wrong(self, row: int, column: str, code: str, value: str = "", **facts: Any) -> None:
        """Note that something can't be used."""
        self.problem_count += 1
        if len(self.problems) < MOST_PROBLEMS:
            self.problems.append(Problem(row, column, code, value, facts))

    def remark(self, code: str, **facts: Any) -> None:
        """Note what somebody should know."""
        self.remark_count += 1
        if len(self.remarks) < MOST_PROBLEMS:
            self.remarks.append(Problem(0, "", code, "", facts))

    def forget(self) -> None:
        """Nothing was written after all."""
        self.added = self.changed = self.unchanged = self.ended = 0
        self.remarks, self.remark_count = [], 0
        self.problems.sort(key=lambda problem: problem.row)
