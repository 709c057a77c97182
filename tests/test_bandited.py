"""The security lint fails on what nobody has answered, and takes the answers that ruff takes."""

from pathlib import Path

from tests.bandited import findings


def test_a_finding_counts_until_its_own_line_answers_its_own_rule(tmp_path: Path) -> None:
    lines = ["import hashlib", *["hashlib.md5(b'x')"] * 4]
    lines[2] += "  # noqa: S324 - a reason"
    lines[3] += "  # noqa: S105 - of another rule"
    (tmp_path / "a.py").write_text("\n".join(lines))
    assert [each["line_number"] for each in findings([str(tmp_path)])] == [2, 4, 5]
