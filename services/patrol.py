"""What a patrol (巡查) sees and settles at once: two taps, a case of its own kind of ending."""

from datetime import datetime

from sqlmodel import Session

from domain.lifecycle import State, Verb
from domain.refused import Refused
from models import Case, Person
from services import attachments, handling, reporting


def settle_on_the_spot(
    session: Session, person: Person, grid: str, told: reporting.Report, now: datetime
) -> Case:
    """File what somebody saw in their grid and close it as settled on the spot.

    Photos show how it looks now. A check comes first by kind, by lot, or for want of a photo.
    Raises Refused as reporting does, and `not_on_the_spot` for what the grid doesn't admit or
    what is for one named person.
    """
    case = reporting.report(session, person, grid, None, told, now, behalf=True).case
    if case.state == State.NOT_ADMITTED:
        raise Refused("not_on_the_spot")
    for file in attachments.of(session, case, "report"):
        file.role = "after"
        session.add(file)
    session.flush()
    return handling.do(session, person, case.id, Verb.ON_THE_SPOT, now)
