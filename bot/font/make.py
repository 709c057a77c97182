"""Makes the subset fonts beside this file out of Noto Sans CJK (see README.md).

Run by hand, once: `python -m bot.font.make FOLDER`, where FOLDER holds Debian's
`NotoSansCJK-Regular.ttc` and `NotoSansCJK-Bold.ttc`. Needs fonttools (matplotlib brings it).
"""

import sys
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTCollection, TTFont

HERE = Path(__file__).parent
FACE = "Noto Sans CJK SC"
# what stands on our pictures besides hanzi: Latin with accents (foreign names), dashes, quotes,
# arrows and geometric marks, circled digits, CJK punctuation, full-width forms
RANGES = (
    (0x20, 0x7E),
    (0xA0, 0x17F),
    (0x2010, 0x2027),
    (0x2030, 0x203B),
    (0x2190, 0x2193),
    (0x2460, 0x2473),
    (0x25A0, 0x25FF),
    (0x2605, 0x2606),
    (0x2713, 0x2717),
    (0x3000, 0x3017),
    (0xFF01, 0xFF65),
)


# of place names and surnames, Hong Kong's and Macau's writing, and older forms of both
BY_HAND = (
    "邨滘氹咗哋喺嘅嚟啲冇睇搵俾埗栢滙鰂凼砵衞裏爲啓鷄"
    "垯堌墕塄崾崄峁嵛峣旸渼澛湨溇溁滍浉漷玥珣琇琯瑀琨甪疃砀硚硐磏磜筼箬簰翙芏苴茳荥莳莙菂葰蓢薤"
    "蚬蛳蛏豳赟邗邽郃郚郜鄄鄌鄚鄠酂酇阇陉雩韨颍颛饸骃鲅鲘麃黟鼋堃珺镕喆昇祎頔昉玙翀勍湜淏"
)
HOUSE = HERE.parent.parent


def hanzi() -> set[int]:
    """GB 2312 (both levels), Big5 level 1, BY_HAND, and whatever our own texts hold."""
    found = {ord(each) for each in BY_HAND} | own()
    for high in range(0xA1, 0xF8):
        found |= _decoded("gb2312", high, range(0xA1, 0xFF))
    for high in range(0xA1, 0xC7):
        found |= _decoded("big5", high, [*range(0x40, 0x7F), *range(0xA1, 0xFF)])
    return found


def own() -> set[int]:
    """The characters of the catalogue and of the sentences that the service says."""
    files = [*HOUSE.glob("services/data/*.csv"), *HOUSE.glob("services/locale/*/*.po")]
    return {ord(each) for path in files for each in path.read_text() if each.isalnum()}


def _decoded(codec: str, high: int, lows: "range | list[int]") -> set[int]:
    texts = (bytes([high, low]).decode(codec, "ignore") for low in lows)
    return {ord(each) for each in texts if each}


def latin() -> set[int]:
    """The characters of RANGES, as code points."""
    return {code for first, last in RANGES for code in range(first, last + 1)}


def make(source: Path, target: Path, codes: set[int]) -> None:
    """Write the simplified Chinese face of the collection `source`, cut down to `codes`."""
    options = subset.Options(layout_features=["kern", "locl"], name_IDs=["*"], hinting=False)
    cutter = subset.Subsetter(options)
    cutter.populate(unicodes=codes)
    face = _face(source)
    cutter.subset(face)
    face.save(target)


def _face(source: Path) -> TTFont:
    faces = TTCollection(source).fonts
    return next(face for face in faces if face["name"].getDebugName(1).startswith(FACE))


def main(folder: Path) -> None:
    make(folder / "NotoSansCJK-Regular.ttc", HERE / "linli-regular.otf", hanzi() | latin())
    make(folder / "NotoSansCJK-Bold.ttc", HERE / "linli-bold.otf", latin())


if __name__ == "__main__":
    main(Path(sys.argv[1]))
