"""How heavy an open case weighs on whoever has it, so that work is shared by weight, not number.

The figures are our own estimate, in units of a plain case (a lamp that is out): somebody must go
at once, others have to be brought together, or there is little time.
"""

PLAIN = 1
# what endangers somebody now takes the whole day; what is pressing a part of it
BY_URGENCY = {"now": 3, "soon": 1}
# the kind's authority lies above the grid: people have to be brought together
BY_CIRCLE = {"small": 1, "big": 2}
# a limit of one working day or less
SHORT = 1
SHORT_LIMITS = {"wall_hours": 24, "work_hours": 8, "work_days": 1, "calendar_days": 1}


def weight(urgency: str, circle: str, limit_value: int | None, limit_unit: str | None) -> int:
    """The weight of one open case, from 1 (plain) to 7 (danger, several units, hours left)."""
    most = SHORT_LIMITS.get(limit_unit or "")
    short = SHORT if most is not None and limit_value is not None and limit_value <= most else 0
    return PLAIN + BY_URGENCY.get(urgency, 0) + BY_CIRCLE.get(circle, 0) + short
