"""`linli learn`: a model of kinds, from files to measure with, or from what a district's people
put right."""

import asyncio
import json
import time
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from bot.cannot import Cannot
from bot.config import load

MOST_TEXTS = 200_000
# what a text of a file may be as a label
LONGEST_LABEL = 64


class Line(msgspec.Struct):
    """A labelled text."""

    text: str
    label: str


def register(app: typer.Typer) -> None:
    app.command("learn")(learn)


def learn(
    texts: Annotated[
        Path | None, typer.Option(help="JSON lines {text, label} to learn from")
    ] = None,
    test: Annotated[Path | None, typer.Option(help="as many as you like to be tested on")] = None,
    district: Annotated[str, typer.Option(help="which district's, if there are several")] = "",
    report: Annotated[
        bool, typer.Option("--report", help="what was corrected most; nothing is learnt")
    ] = False,
    roll_back: Annotated[
        bool, typer.Option("--roll-back", help="read with the version before, or the rules alone")
    ] = False,
) -> None:
    """Learn kinds from what a district's people put right, and read with it if that is better.

    With --texts and --test from files instead: nothing is kept, the last line is JSON.
    """
    if (texts is None) != (test is None) or report + roll_back + (texts is not None) > 1:
        raise typer.BadParameter("--texts and --test go together, and alone")
    if texts is not None and test is not None:
        typer.echo(json.dumps(_measured(_labelled(texts), _labelled(test))))
        return
    from bot import learning  # the service's rooms, which files don't need

    work = learning.report if report else learning.roll_back if roll_back else learning.learn
    for line in asyncio.run(work(load(), district)):
        typer.echo(line)


def _measured(told: list[tuple[str, str]], held: list[tuple[str, str]]) -> dict[str, float]:
    """What a model learnt from `told` makes of `held`: rates, seconds of learning, its size."""
    from domain.reading import model
    from services.training import TooFew, judged, train

    begun = time.perf_counter()
    try:
        artefact = model.dump(train(told))
    except TooFew:
        raise Cannot("These texts can't be learnt from: two labels are the least.") from None
    seconds = time.perf_counter() - begun
    found = judged(model.load(artefact), held)
    rates = {
        "accuracy": found.accuracy,
        "macro_f1": found.macro_f1,
        "top2": found.top2,
        "ece": found.ece,
    }
    rounded = {name: round(rate, 4) for name, rate in rates.items()}
    return {**rounded, "seconds": round(seconds, 2), "bytes": len(artefact)}


def _labelled(path: Path) -> list[tuple[str, str]]:
    """A file's texts. Raises Cannot with the first line that won't do."""
    found: list[tuple[str, str]] = []
    decode = msgspec.json.Decoder(Line).decode
    try:
        with path.open("rb") as lines:
            for number, line in enumerate(lines, start=1):
                if not (line := line.removeprefix(b"\xef\xbb\xbf").strip()):
                    continue
                told = decode(line)
                if not 0 < len(told.label) <= LONGEST_LABEL or len(found) >= MOST_TEXTS:
                    raise Cannot(
                        f"{path}, line {number}: a label has 1 to {LONGEST_LABEL} characters, and "
                        f"a file up to {MOST_TEXTS:,} texts."
                    )
                found.append((told.text, told.label))
    except OSError:
        raise Cannot(f"{path} can't be read: look at its name and rights.") from None
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise Cannot(f'{path}, line {number}: write {{"text": …, "label": …}} in JSON.') from None
    if not found:
        raise Cannot(f"{path} is empty: it takes a line for each text.")
    return found
