"""What a button carries back when it is pressed: `verb~district~case~version~arg`.

The case is 22 letters (base64url of its key), trailing empty parts are left out, and the whole
is at most 64 bytes, which is what Telegram allows. What comes back may be forged or old: who
presses is checked against the case, and the version shows a button's age.
"""

import base64
import binascii
from dataclasses import dataclass
from uuid import UUID

JOINT = "~"
MOST_BYTES = 64
PARTS = 5


@dataclass(frozen=True, slots=True)
class Pressed:
    """A press as the button meant it. `district` is "" and the rest None where not given."""

    verb: str
    district: str = ""
    case: UUID | None = None
    version: int | None = None
    arg: str = ""


def data(
    verb: str,
    district: str = "",
    case: UUID | None = None,
    version: int | None = None,
    arg: str = "",
) -> str:
    """The callback data of a button.

    `arg` may hold the joint, the other parts may not. Raises ValueError over 64 bytes.
    """
    if not verb or JOINT in verb + district:
        raise ValueError(f"a verb and a district hold no {JOINT}: {verb!r} {district!r}")
    shown = "" if version is None else str(version)
    parts = [verb, district, "" if case is None else key22(case), shown, arg]
    while not parts[-1]:
        parts.pop()
    whole = JOINT.join(parts)
    if len(whole.encode()) > MOST_BYTES:
        raise ValueError(f"a button carries at most {MOST_BYTES} bytes: {whole!r}")
    return whole


def parse(text: str) -> Pressed | None:
    """What `data` wrote, or None if this is nothing of ours."""
    if len(text.encode(errors="replace")) > MOST_BYTES:
        return None
    parts = text.split(JOINT, PARTS - 1)
    verb, district, case, version, arg = parts + [""] * (PARTS - len(parts))
    known = _case(case)
    if not verb or (case and known is None):
        return None
    if version and not (version.isascii() and version.isdigit()):
        return None
    return Pressed(verb, district, known, int(version) if version else None, arg)


def key22(key: UUID) -> str:
    """A key in 22 letters, for buttons and links."""
    return base64.urlsafe_b64encode(key.bytes).rstrip(b"=").decode()


def _case(text: str) -> UUID | None:
    if len(text) != len(key22(UUID(int=0))):
        return None
    try:
        return UUID(bytes=base64.b64decode(text + "==", altchars=b"-_", validate=True))
    except (binascii.Error, ValueError):
        return None
