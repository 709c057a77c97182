"""Tables, queries and migrations. Importing this package registers every table."""

from models import kept as _kept
from models.calendars import CalendarDay, WorkShift
from models.cases import (
    Attachment,
    Audit,
    Case,
    CaseEvent,
    Due,
    GroupPost,
    NumberSeries,
    Voice,
)
from models.catalogue import CatalogueRow
from models.causes import Cause
from models.columns import UTCDateTime, metadata, new_id
from models.errands import Errand
from models.findings import Finding
from models.known import Stamp
from models.learnt import Learnt
from models.people import FailedTry, Invite, Leave, Person, Role, Shift, Swap
from models.phrases import Phrase
from models.queue import (
    Asked,
    Budget,
    Inbox,
    Lane,
    Lease,
    MovedChat,
    Offset,
    Outbox,
    Posted,
    Webhook,
)
from models.seals import Chain, Seal, SealedWords, Unsealed
from models.tasks import Task, Unit
from models.territory import (
    BindCode,
    Contact,
    Division,
    Group,
    GroupAsked,
    PlaceNote,
    StrangeGroup,
)

__all__ = [
    "Asked",
    "Attachment",
    "Audit",
    "BindCode",
    "Budget",
    "CalendarDay",
    "Case",
    "CaseEvent",
    "CatalogueRow",
    "Cause",
    "Chain",
    "Contact",
    "Division",
    "Due",
    "Errand",
    "FailedTry",
    "Finding",
    "Group",
    "GroupAsked",
    "GroupPost",
    "Inbox",
    "Invite",
    "Lane",
    "Learnt",
    "Lease",
    "Leave",
    "MovedChat",
    "NumberSeries",
    "Offset",
    "Outbox",
    "Person",
    "Phrase",
    "PlaceNote",
    "Posted",
    "Role",
    "Seal",
    "SealedWords",
    "Shift",
    "Stamp",
    "StrangeGroup",
    "Swap",
    "Task",
    "UTCDateTime",
    "Unit",
    "Unsealed",
    "Voice",
    "Webhook",
    "WorkShift",
    "metadata",
    "new_id",
]

assert _kept  # registers its listeners
