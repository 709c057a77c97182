"""What people write, and what people write who want to break something."""

from random import Random

REPORTS = (
    "3号楼2单元楼道灯坏了",
    "8号楼1单元602家里煤气味很大",
    "楼上602天天半夜吵架砸东西",
    "我老公又打我了，救命",
    "电梯困人了！！11栋",
    "8号楼消防通道被堵了",
    "三樓漏水，已經滴到走廊",
    "Street lamp out at building 3, please fix",
    "I smell gas in 8-1-602 help",
    "老人摔倒了叫不醒",
    "想问一下居住证怎么办",
    "我叫王小明，电话13812345678，身份证110101199001011237",
    "充电桩冒烟了 http://example.org/x?y=1",
    "你好",
    "谢谢",
    "ok",
)
HOSTILE = (
    "",
    " ",
    "\n\n\n",
    "<b>",
    "</b><script>alert(1)</script>",
    "&lt;&amp;&#x0;&#1114112;",
    "<a href='tg://user?id=1'>x</a>",
    "%s %d {0} {name!r} {{}}",
    "'; DROP TABLE case_file; --",
    '"\\u0000"',
    "\0\0",
    "=cmd|' /C calc'!A0",
    "@SUM(1+1)*cmd",
    "\u202e\u2066gnirts\u2069",
    "a\u0301\u0302\u0303" * 200,
    "👨‍👩‍👧‍👦" * 60,
    "字" * 4096,
    "x" * 4096,
    "&" * 4096,
    "٣号楼٤单元",
    "²³¹½ ⅻ ㊂ 〇 十百千万亿" * 9,
    "9" * 400,
    "1e999 NaN Infinity -0",
    "\ud83d",
    "\r\n\u2028\u2029\x85\x0b\x1b[2J\x07",
    "😀\u0600\ufeff\u200b\u200d\ufffe\uffff",
    "../../../etc/passwd",
    "~" * 64,
    "3号楼" * 300,
    "１２３号楼ＡＢ单元",
)
COMMANDS = (
    "start", "help", "report", "mine", "who", "language", "privacy", "mydata", "delete", "withdraw",
    "list", "away", "case", "day", "people", "code", "bind", "unbind", "grouplanguage",
    "listen", "nonsense",
)  # fmt: skip
ARGUMENTS = (
    "",
    "KL1-2611-001",
    "kl1-2611-1",
    "261118",
    "000000",
    "999999",
    "٢٦١١١٨",
    "110101001001001 8号楼",
    "110101001001002",
    "310101001001001 x",
    "zh-Hant",
    "e-" + "A" * 22,
    "b-" + "A" * 22,
    "g-110101-" + "A" * 22,
    "c-110101-" + "A" * 22,
    "mine",
    "-" * 30,
)


def text(rng: Random) -> str:
    """A text of any kind; most read like something."""
    draw = rng.random()
    if draw < 0.55:
        return rng.choice(REPORTS)
    if draw < 0.8:
        return rng.choice(HOSTILE)
    if draw < 0.9:
        return rng.choice(REPORTS) + rng.choice(HOSTILE)
    return "".join(chr(_letter(rng)) for _ in range(rng.randrange(40)))


def _letter(rng: Random) -> int:
    low, high = rng.choice(
        ((0, 0x7F), (0x80, 0x2FF), (0x4E00, 0x9FFF), (0x2000, 0x206F), (0, 0x10FFFF))
    )
    return rng.randint(low, high)


def command(rng: Random, username: str) -> str:
    """A command with or without arguments, to us or to another bot."""
    to = rng.choice(("", "", f"@{username}", f"@{username.upper()}", "@other_bot"))
    said = f"/{rng.choice(COMMANDS)}{to}"
    more = rng.choice(ARGUMENTS) if rng.random() < 0.7 else text(rng)
    return f"{said} {more}" if more else said
