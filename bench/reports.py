"""What residents write: texts made from the shipped catalogue's own words, each one different."""

import csv
import json
import random
from dataclasses import dataclass
from importlib.resources import files

from bench.standin import USERNAME
from bench.town import GROUPS, chat_of
from domain.catalogue import Catalogue
from domain.policy import Policy
from domain.reading import Lexicon, read

# of how many reports in a hundred; a town in which every fifth message is a fire is none
SHARES = {"normal": 80, "soon": 17, "now": 3}
MOST_PHRASES = 200
# below it a text in the group is first asked about
DOUBT = Policy().report_from
FIRST_MESSAGE = 410_000_000
FIRST_UPDATE = 130_000_000
FIRST_RESIDENT = 6_200_000_000

_PLACES = ("{b}号楼{u}单元{r}室", "{b}栋{u}单元{r}", "{b}号楼{u}单元{r}门口")
_TAILS = (
    "，麻烦来看一下",
    "，已经三天了，家里还有老人小孩",
    "，昨天晚上就这样，物业电话打了几次都没人接",
    "，请尽快处理，谢谢网格员",
    "",
    "，早上出门的时候看到的，到现在还没有人管",
)
_NAMES = ("王芳", "李强", "张伟", "刘洋", "陈静", "杨阿姨", "赵大爷", "Emma", "周敏", "老吴")


@dataclass(frozen=True, slots=True)
class Report:
    """An update of a resident's message. `message`: its id, unique in the whole run."""

    chat: int
    message: int
    body: bytes


def phrases(catalogue: Catalogue, lexicon: Lexicon) -> dict[str, list[str]]:
    """Words by urgency that open an ordinary case of the grid: the worker's, no private matter."""
    found: dict[str, list[str]] = {urgency: [] for urgency in SHARES}
    words = _words()
    random.Random(7).shuffle(words)
    for word in words:
        urgency = _urgency(word, catalogue, lexicon)
        if urgency is not None and len(found[urgency]) < MOST_PHRASES:
            found[urgency].append(word)
        if all(len(each) == MOST_PHRASES for each in found.values()):
            break
    return found


def _words() -> list[str]:
    path = files("services.data") / "lexicon.csv"
    with path.open(encoding="utf-8") as file:
        return [
            row["word"]
            for row in csv.DictReader(file)
            if row["language"] == "zh-Hans"
            and any(each.isdigit() for each in row["code"])
            and not set("*&/") & set(row["word"])
            and len(row["word"]) > 2
        ]


def _urgency(word: str, catalogue: Catalogue, lexicon: Lexicon) -> str | None:
    """None if it isn't such a case's in each sentence that will be made with it."""
    found = [_urgency_of(f"3栋2单元501{word}{tail}", catalogue, lexicon) for tail in _TAILS]
    return found[0] if None not in found else None


def _urgency_of(text: str, catalogue: Catalogue, lexicon: Lexicon) -> str | None:
    reading = read(text, lexicon, catalogue)
    # words that don't say enough by themselves are asked about; here every text opens a case
    if not reading.kinds or reading.report < DOUBT:
        return None
    kind = catalogue.kinds.get(reading.kinds[0][0])
    if kind is None or kind.reach != "owner" or kind.privacy == "private":
        return None
    if kind.circle != "micro":  # a desk's card, which waits for its working hours
        return None
    known = tuple(SHARES)
    return known[max(known.index(reading.urgency), known.index(str(kind.default_urgency)))]


class Writer:
    """Writes reports that nobody has written before. `seed` makes a run repeatable."""

    def __init__(self, found: dict[str, list[str]], seed: int = 1) -> None:
        self._phrases = found
        self._random = random.Random(seed)
        self._next = 0

    def write(self, count: int) -> list[Report]:
        """The next reports, each by another resident, in all groups by turns."""
        made = [self._report(number) for number in range(self._next, self._next + count)]
        self._next += count
        return made

    def _report(self, number: int) -> Report:
        chat, words = chat_of(number % GROUPS), self._text(number)
        head = f"/report@{USERNAME}" if number % 4 else f"@{USERNAME}"
        kind = "bot_command" if number % 4 else "mention"
        message = {
            "message_id": FIRST_MESSAGE + number,
            "from": {
                "id": FIRST_RESIDENT + number,
                "is_bot": False,
                "first_name": _NAMES[number % len(_NAMES)],
                "language_code": "zh-hans",
            },
            "chat": {"id": chat, "title": f"{number % GROUPS}号群", "type": "supergroup"},
            "date": 1_795_680_000,
            "text": f"{head} {words}",
            "entities": [{"offset": 0, "length": len(head), "type": kind}],
        }
        update = {"update_id": FIRST_UPDATE + number, "message": message}
        return Report(chat, FIRST_MESSAGE + number, json.dumps(update).encode())

    def _text(self, number: int) -> str:
        """The room makes it unlike every other text of its group."""
        turn = number // GROUPS
        pools = {urgency: pool for urgency, pool in self._phrases.items() if pool}
        weights = [SHARES[urgency] for urgency in pools]
        (pool,) = self._random.choices(list(pools.values()), weights)
        building, rest = divmod(turn, 400)
        room = f"{1 + rest // 4 % 25}{1 + rest // 100:02d}"
        where = self._random.choice(_PLACES).format(b=1 + building, u=1 + rest % 4, r=room)
        return where + self._random.choice(pool) + self._random.choice(_TAILS)
