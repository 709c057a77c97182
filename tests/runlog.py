"""The log of the whole test run is searched for what no log may hold.

Every record that any test writes, in the form in which the service would write it, and whatever
went to standard error, also of child processes, is kept. So is every secret, code, phone number,
name and text that the run used. At the end no line may hold one of them; a hit fails the run.
"""

import asyncio.subprocess
import io
import logging
import re
import subprocess
from collections import defaultdict
from collections.abc import Callable
from functools import wraps
from typing import Any

import pydantic
import pytest

from bot import log
from handlers.turn import Said, Sender
from sandbox.world import World
from services import tries
from services.vault import Vault

KEY = "leaks"
# shorter ones stand in any log by chance: a name of two letters, a text like "quiet"
SECRET_LENGTH, TEXT_LENGTH, CHINESE_LENGTH = 10, 12, 4
DIFFERENT = 3  # letters; a row of zeros stands anywhere
SHOWN = 300  # characters of a line that holds what it must not
# what changes from line to line and is nobody's: time stamps, keys, numbers of lines
_PASSING = re.compile(r'"at": "[^"]*"|[0-9a-f]{8}-[0-9a-f-]{27}')
_CHINESE = re.compile(r"[\u3400-\u9fff]")


class Kept:
    """What the run has written, and what it must not have written. Both without doubles."""

    def __init__(self) -> None:
        self.lines: set[str] = set()
        self.needles: dict[str, set[str]] = defaultdict(set)

    def write(self, text: str) -> None:
        self.lines.update(_PASSING.sub("", line) for line in text.splitlines())

    def use(self, kind: str, value: Any) -> None:
        text = str(value or "").strip()
        if _is_telling(kind, text):
            self.needles[kind].add(text)

    def leaks(self) -> list[str]:
        """Each line that holds a needle, with the kind of it."""
        lines = sorted(self.lines)
        # JSON may write a letter as its number
        whole = "\n".join([*lines, *(_spelled(line) for line in lines if "\\u" in line)])
        found = [(kind, each) for kind in self.needles for each in self._found(kind, whole)]
        return [f"{kind} in: {_line_of(whole, each)[:SHOWN]}" for kind, each in found]

    def _found(self, kind: str, whole: str) -> list[str]:
        return [each for each in sorted(self.needles[kind]) if each in whole]


CASE_NUMBER = re.compile(r"[A-Z0-9]{2,5}-\d{4}-\d{3,}", re.IGNORECASE)


def _is_telling(kind: str, text: str) -> bool:
    """Whether it would stand in a log only if somebody had written it there."""
    # who says a case's number says nothing of anybody: the auditor names it too
    if "://" in text or len(set(text)) < DIFFERENT or CASE_NUMBER.fullmatch(text):
        return False
    if kind in ("secret", "phone", "code"):
        return len(text) >= SECRET_LENGTH
    return len(text) >= (CHINESE_LENGTH if _CHINESE.search(text) else TEXT_LENGTH)


def _spelled(line: str) -> str:
    return re.sub(r"\\u([0-9a-f]{4})", lambda match: chr(int(match[1], 16)), line)


def _line_of(whole: str, needle: str) -> str:
    """The line where the needle begins."""
    start = whole.index(needle)
    return whole[whole.rfind("\n", 0, start) + 1 :].partition("\n")[0]


class Listening:
    """Hears, from now on, what is written and what is used, by functions it stands before."""

    def __init__(self, kept: Kept) -> None:
        self._kept = kept
        log.set_up("INFO", io.StringIO())
        (ours,) = logging.getLogger().handlers
        ours.setStream(_Nowhere())  # type: ignore[attr-defined]
        self._format = ours.format
        self._hear_logs()
        self._hear_children()
        self._hear_uses()

    def _before(self, owner: Any, name: str, hear: Callable[..., None]) -> None:
        told = getattr(owner, name)

        @wraps(told)
        def heard(*given: Any, **named: Any) -> Any:
            hear(*given, **named)
            return told(*given, **named)

        setattr(owner, name, heard)

    def _hear_logs(self) -> None:
        def record(_logger: logging.Logger, each: logging.LogRecord) -> None:
            if not each.name.startswith("_pytest"):
                self._kept.write(self._format(each))

        self._before(logging.Logger, "callHandlers", record)

    def _hear_children(self) -> None:
        """Where a test reads a child's standard error itself; the rest pytest has captured."""

        def piped(_protocol: Any, fd: int, data: bytes) -> None:
            if fd == 2:
                self._kept.write(data.decode("utf-8", "replace"))

        streams: Any = asyncio.subprocess.SubprocessStreamProtocol
        self._before(streams, "pipe_data_received", piped)
        told = subprocess.Popen.communicate

        def communicate(process: Any, *given: Any, **named: Any) -> Any:
            out, err = told(process, *given, **named)
            if err:
                self._kept.write(err if isinstance(err, str) else err.decode("utf-8", "replace"))
            return out, err

        subprocess.Popen.communicate = communicate  # type: ignore[method-assign,assignment]

    def _hear_uses(self) -> None:
        use = self._kept.use
        secrets: Any = pydantic.SecretStr
        self._before(secrets, "__init__", lambda _self, value: use("secret", value))
        self._before(Vault, "__init__", lambda _self, key: use("secret", _text(key)))
        self._before(Vault, "seal", lambda _self, text: use("phone", text))
        self._before(tries, "fingerprint", lambda code: use("code", code))
        self._before(World, "add_bot", lambda _self, _name, token, *_, **__: use("secret", token))
        self._before(World, "say", self._said_in_the_sandbox)
        self._before(Said, "__init__", self._said)
        self._before(Sender, "__init__", self._sender)

    def _said_in_the_sandbox(
        self, _world: Any, _chat: Any, sender: Any, content: dict[str, Any], **_: Any
    ) -> None:
        if not sender.is_bot:
            for name in ("text", "caption"):
                self._kept.use("text", content.get(name))

    def _said(self, _self: Any, *, text: str = "", phone: str | None = None, **_: Any) -> None:
        self._kept.use("text", text)
        self._kept.use("phone", phone)

    def _sender(self, _self: Any, address: str, name: str, *_: Any, **__: Any) -> None:
        self._kept.use("name", name)


class _Nowhere(io.StringIO):
    """Takes everything and keeps nothing."""

    def write(self, text: str) -> int:
        return len(text)


def _text(key: str | bytes) -> str:
    return key.decode() if isinstance(key, bytes) else key


class RunLog:
    """The plugin: one in each process of the run; the first says what all have found."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._kept = Kept()
        self._leaks: set[str] = set()
        Listening(self._kept)

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """What went to standard error while a test ran, of this process and its children."""
        for title, text in report.sections:
            if title.startswith("Captured stderr"):
                self._kept.write(text)

    def pytest_testnodedown(self, node: Any) -> None:
        self._leaks |= set(getattr(node, "workeroutput", {}).get(KEY, ()))

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        self._leaks |= set(self._kept.leaks())
        if hasattr(self._config, "workeroutput"):
            self._config.workeroutput[KEY] = sorted(self._leaks)
        elif self._leaks:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        for each in sorted(self._leaks):
            terminalreporter.write_line(f"FAILED the log of the run holds a {each}", red=True)
