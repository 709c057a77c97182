"""The numbers a deployment may set (config.toml, section `policy`), with their reasons."""

from dataclasses import dataclass
from datetime import time


@dataclass(frozen=True, slots=True)
class Policy:
    """Times are local to the territory's zone; durations carry their unit in the name.

    Retention figures are those promised in `/privacy`.
    """

    zone: str = "Asia/Shanghai"
    work_from: time = time(8)
    lunch_from: time = time(12)
    lunch_until: time = time(14)
    work_until: time = time(18)

    # nobody has taken it: the next in line is asked (wall time if urgent, else duty time)
    accept_urgent_minutes: int = 5
    accept_minutes: int = 30
    # stage clocks, in duty time (DOMAIN.md: accept 15, dispatch 15, check 30): an overrun is a
    # fact in the history. Passing on stays later than accepting: a worker on the stairs has as
    # long again before the card goes to somebody who knows the house less
    stage_accept_minutes: int = 15
    stage_dispatch_minutes: int = 15
    stage_check_minutes: int = 30
    # due soon: this share of the limit is left
    warn_share: float = 0.25
    # who is late still has this many work days before the matter rises to the next circle by itself
    circle_grace_days: int = 1
    # an overdue case is shown to the leader and the desk again this often
    overdue_again_hours: int = 24
    # of the kinds that are checked by sample, and of what was settled on the spot: this share
    check_share: float = 0.05
    # other shares, by district: "110101=0.1"
    check_shares: tuple[str, ...] = ()
    # the reporter didn't say whether it is settled
    nudge_days: int = 3
    silence_days: int = 1
    reopen_days: int = 30
    duplicate_days: int = 14

    morning: time = time(8)
    evening: time = time(18)

    # words to the bot are filed without a question from this probability that they report
    report_from: float = 0.5
    # a kind is told as known from this probability; below, with two others to choose from
    kind_from: float = 0.6
    # other thresholds, by group: "-1001234567890=0.5"
    report_from_in: tuple[str, ...] = ()
    kind_from_in: tuple[str, ...] = ()

    # in a group that listens, what reads this much like a report is asked about; a false alarm
    # there is read by two hundred people, so it is higher than `report_from`
    listen_from: float = 0.85
    # and so often a day in one group; danger is asked about all the same
    listen_asks: int = 5
    # other thresholds and limits, by group
    listen_from_in: tuple[str, ...] = ()
    listen_asks_in: tuple[str, ...] = ()

    strange_group_minutes: int = 10
    asked_minutes: int = 30
    invite_hours: int = 72
    tries_per_hour: int = 5
    reports_per_hour: int = 12

    keep_updates_days: int = 30
    keep_messages_days: int = 90
    keep_photos_days: int = 180
    keep_closed_days: int = 180

    def share_checked(self, grid: str) -> float:
        """The share that is drawn for an on-site check in the grid's district."""
        return _own(self.check_shares, grid[:6], self.check_share)

    def reports_from(self, chat: str | None) -> float:
        """How likely words must be a report to be filed unasked in this chat."""
        return _own(self.report_from_in, chat, self.report_from)

    def kinds_from(self, chat: str | None) -> float:
        """How likely a kind must be to be told as known in this chat."""
        return _own(self.kind_from_in, chat, self.kind_from)

    def listens_from(self, chat: str | None) -> float:
        """How likely words that nobody addressed to the bot must be a report to be asked about."""
        return _own(self.listen_from_in, chat, self.listen_from)

    def asks_a_day(self, chat: str | None) -> int:
        """How often a day a listening group is asked whether to open a case."""
        return int(_own(self.listen_asks_in, chat, self.listen_asks))


def _own(pairs: tuple[str, ...], key: str | None, usual: float) -> float:
    own = dict(each.partition("=")[::2] for each in pairs) if pairs else {}
    return float(own.get(key or "", usual))
