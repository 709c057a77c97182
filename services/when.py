"""Instants as people say them, in the territory's zone and the reader's language."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from services.texts import plain


def moment(instant: datetime, now: datetime, zone: str, language: str) -> str:
    """Today 18:00, tomorrow 09:30, else the date with the time; the year only if another."""
    local, here = instant.astimezone(ZoneInfo(zone)), now.astimezone(ZoneInfo(zone))
    clock = local.strftime("%H:%M")
    days = (local.date() - here.date()).days
    if days in (-1, 0, 1):
        key = {-1: "when.yesterday", 0: "when.today", 1: "when.tomorrow"}[days]
        return plain(key, language, clock=clock)
    return plain("when.on", language, day=day(local.date(), here.date(), language), clock=clock)


def day(wanted: date, today: date, language: str) -> str:
    """A date, with the year only if it isn't this one."""
    key = "when.day" if wanted.year == today.year else "when.day_year"
    month = plain(f"when.month_{wanted.month}", language)
    return plain(key, language, year=wanted.year, month=month, day=wanted.day)


def left(instant: datetime, now: datetime, language: str) -> str:
    """How much time is left, or how late it is, in the largest whole unit."""
    minutes = int(abs((instant - now).total_seconds()) // 60)
    unit, size = next(
        (u, s) for u, s in (("days", 1440), ("hours", 60), ("minutes", 1)) if minutes >= s or s == 1
    )
    key = f"when.left_{unit}" if instant >= now else f"when.late_{unit}"
    return plain(key, language, n=minutes // size)


def hours(seconds: int) -> str:
    """Hours with one digit behind the point at most; never nought for a few seconds."""
    return f"{max(seconds / 3600, 0.1):.1f}".removesuffix(".0")
