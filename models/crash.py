"""Named points at which a test may end this process, as a power cut would.

`LINLI_TEST_CRASH=name:count`: the process ends itself with kill -9 when it passes the point of
that name for the count-th time. Without it a point is one comparison.
"""

import os
import signal
from collections.abc import Callable

VARIABLE = "LINLI_TEST_CRASH"
POINTS = (
    "receive.stored",  # written, not committed
    "receive.committed",  # and not confirmed to the platform
    "dispatch.claimed",
    "dispatch.handled",  # everything written, not committed
    "dispatch.committed",  # and the press not answered
    "deliver.taken",
    "deliver.sent",  # accepted by the platform, not written down
    "deliver.settled",
    "sweep.fired",  # in the middle of a batch, not committed
    "sweep.committed",
    "seal.linked",  # a link written, not committed
    "seal.committed",
)
# what only commands lead to
OF_COMMANDS = (
    "errand.done",  # written, not committed
    "errand.committed",  # and the command not answered
)


def kill() -> None:
    """kill -9: nothing is finished, nothing is flushed."""
    os.kill(os.getpid(), signal.SIGKILL)


class _Fuse:
    """What burns at which point; no name, no fire."""

    name = ""
    left = 0
    burn: Callable[[], None] = staticmethod(kill)


def point(name: str) -> None:
    """A place where the process may end."""
    if name == _Fuse.name:
        _pass()


def arm(name: str, count: int, burn: Callable[[], None] = kill) -> None:
    """`burn` at the count-th passing of the point; the name "" disarms. Unknown: ValueError."""
    if name and name not in (*POINTS, *OF_COMMANDS):
        raise ValueError(f"{name} is no crash point: {', '.join((*POINTS, *OF_COMMANDS))}")
    _Fuse.name, _Fuse.left, _Fuse.burn = name, count, staticmethod(burn)


def _pass() -> None:
    _Fuse.left -= 1
    if _Fuse.left <= 0:
        _Fuse.burn()


if _given := os.environ.get(VARIABLE):
    arm(_given.partition(":")[0], int(_given.partition(":")[2] or 1))
