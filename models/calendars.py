"""When a district works: its own days and hours, on top of the published holidays."""

from datetime import date, time

from sqlmodel import Field

from models.known import PLACES, Remembered, of_topic


@of_topic(PLACES)
class CalendarDay(Remembered, table=True):
    """A day that is worked or not, whatever the week says.

    `official`: announced by the State Council and not yet in the library of holidays; else the
    district's own, which wins. `name`: what people call it.
    """

    __tablename__ = "calendar_day"

    district: str = Field(primary_key=True)
    day: date = Field(primary_key=True)
    official: bool = Field(primary_key=True)
    works: bool
    name: str = ""


@of_topic(PLACES)
class WorkShift(Remembered, table=True):
    """A stretch of every working day, local time; `closes` 00:00 is midnight.

    A district without any works the hours of the deployment (config.toml, section `policy`).
    """

    __tablename__ = "work_shift"

    district: str = Field(primary_key=True)
    opens: time = Field(primary_key=True)
    closes: time
