"""kill -9 in the middle of a replay, by `linli sandbox` and `linli run` as they are."""

from pathlib import Path

from tests.acceptance.killing import replayed

WHERE = ("3号楼", "8号楼2单元", "小区门口", "停车场", "湖边", "菜场旁边")
WHAT = (
    "楼道灯坏了",
    "垃圾没人清",
    "有人乱停车",
    "下水道堵了",
    "电梯坏了",
    "墙皮要掉下来",
    "狗没拴绳",
)
TEXTS = [f"{where}{what}，已经第{day}天了" for day in (2, 3) for where in WHERE for what in WHAT]


async def test_kill_9_in_the_middle_of_a_replay_loses_no_text_and_doubles_none(tmp_path: Path):
    became, cases = await replayed(TEXTS, 3, tmp_path)
    assert became.texts == len(TEXTS)
    assert became.lost == []
    assert became.failed == 0
    assert cases == became.own
