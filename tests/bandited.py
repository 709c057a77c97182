"""bandit over the rooms, with the waivers that ruff's port of its rules knows already.

`python -m tests.bandited ROOM…`: a finding B311 counts as answered by a `# noqa: S311` with its
reason in the lines that it is about, so that nothing is waived twice in two languages.
"""

import json
import re
import subprocess
import sys
from linecache import getline
from typing import Any


def findings(rooms: list[str]) -> list[dict[str, Any]]:
    """What bandit finds and nobody has answered."""
    command = [sys.executable, "-m", "bandit", "-q", "-c", "pyproject.toml", "-f", "json", "-r"]
    done = subprocess.run([*command, *rooms], capture_output=True, text=True, check=False)
    report = json.loads(done.stdout)
    assert not report["errors"], report["errors"]
    return [each for each in report["results"] if not _answered(each)]


def _answered(finding: dict[str, Any]) -> bool:
    rule = finding["test_id"].replace("B", "S")
    first, last = min(finding["line_range"]), max(finding["line_range"])
    lines = (getline(finding["filename"], number) for number in range(first, last + 1))
    return any(re.search(rf"# noqa: .*\b{rule}\b", line) for line in lines)


def main() -> int:
    found = findings(sys.argv[1:])
    for each in found:
        where = f"{each['filename']}:{each['line_number']}"
        print(f"{where}: {each['test_id']} {each['issue_text']}", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
