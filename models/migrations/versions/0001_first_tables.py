"""The tables of the first release."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0001"
down_revision: str | None = None
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

AWARE = sa.DateTime(timezone=True)
TABLES = (
    "asked",
    "audit",
    "bind_code",
    "budget",
    "case_file",
    "catalogue_row",
    "chat_group",
    "contact",
    "division",
    "due",
    "failed_try",
    "inbox",
    "invite",
    "lane",
    "lease",
    "leave",
    "number_series",
    "offset",
    "outbox",
    "person",
    "posted",
    "role",
    "shift",
    "strange_group",
    "attachment",
    "case_event",
    "voice",
)
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    _asked()
    _audit()
    _bind_code()
    _budget()
    _case_file()
    _catalogue_row()
    _chat_group()
    _contact()
    _division()
    _due()
    _failed_try()
    _inbox()
    _invite()
    _lane()
    _lease()
    _leave()
    _number_series()
    _offset()
    _outbox()
    _person()
    _posted()
    _role()
    _shift()
    _strange_group()
    _attachment()
    _case_event()
    _voice()


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)


def _asked() -> None:
    op.create_table(
        "asked",
        sa.Column("bot", sa.String(), nullable=False),
        sa.Column("platform", sa.String(), nullable=False),
        sa.Column("chat", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("district", sa.String(), nullable=True),
        sa.Column("case", sa.Uuid(), nullable=True),
        sa.Column("data", JSON, nullable=False),
        sa.Column("message", sa.String(), nullable=True),
        sa.Column("expires_at", AWARE, nullable=False),
        sa.PrimaryKeyConstraint("bot", "platform", "chat", "address", name=op.f("pk_asked")),
    )
    op.create_index(op.f("ix_asked_expires_at"), "asked", ["expires_at"], unique=False)


def _audit() -> None:
    op.create_table(
        "audit",
        sa.Column("district", sa.String(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("at", AWARE, nullable=False),
        sa.Column("actor", sa.Uuid(), nullable=True),
        sa.Column("act", sa.String(), nullable=False),
        sa.Column("object", sa.String(), nullable=False),
        sa.Column("facts", JSON, nullable=False),
        sa.PrimaryKeyConstraint("district", "id", name=op.f("pk_audit")),
    )
    op.create_index("ix_audit_at", "audit", ["district", "at"], unique=False)


def _bind_code() -> None:
    op.create_table(
        "bind_code",
        sa.Column("district", sa.String(), nullable=False),
        sa.Column("code_hash", sa.String(), nullable=False),
        sa.Column("grid", sa.String(), nullable=False),
        sa.Column("place", sa.String(), nullable=False),
        sa.Column("made_by", sa.Uuid(), nullable=True),
        sa.Column("made_at", AWARE, nullable=False),
        sa.Column("expires_at", AWARE, nullable=False),
        sa.Column("used_at", AWARE, nullable=True),
        sa.Column("revoked_at", AWARE, nullable=True),
        sa.PrimaryKeyConstraint("district", "code_hash", name=op.f("pk_bind_code")),
        sa.UniqueConstraint("code_hash", name=op.f("uq_bind_code_code_hash")),
    )


def _budget() -> None:
    op.create_table(
        "budget",
        sa.Column("bot", sa.String(), nullable=False),
        sa.Column("chat", sa.String(), nullable=False),
        sa.Column("until", AWARE, nullable=False),
        sa.PrimaryKeyConstraint("bot", "chat", name=op.f("pk_budget")),
    )


def _case_matter() -> list[sa.Column[Any]]:
    return [
        sa.Column("district", sa.String(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("grid", sa.String(), nullable=False),
        sa.Column("community", sa.String(), nullable=False),
        sa.Column("group", sa.Uuid(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("closing", sa.String(), nullable=True),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("kind_p", sa.Float(), nullable=False),
        sa.Column("alternatives", JSON, nullable=False),
        sa.Column("condition", sa.Integer(), nullable=True),
        sa.Column("not_admitted", sa.String(), nullable=True),
        sa.Column("urgency", sa.String(), nullable=False),
        sa.Column("reach", sa.String(), nullable=False),
        sa.Column("evidence", sa.String(), nullable=False),
        sa.Column("verify", sa.String(), nullable=False),
        sa.Column("private", sa.Boolean(), nullable=False),
        sa.Column("hide_name", sa.Boolean(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("words_key", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
    ]


def _case_whereabouts() -> list[sa.Column[Any]]:
    return [
        sa.Column("place_building", sa.String(), nullable=True),
        sa.Column("place_unit", sa.String(), nullable=True),
        sa.Column("place_floor", sa.String(), nullable=True),
        sa.Column("place_room", sa.String(), nullable=True),
        sa.Column("place_landmark", sa.String(), nullable=True),
        sa.Column("lat", sa.Float(), nullable=True),
        sa.Column("lon", sa.Float(), nullable=True),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("bot", sa.String(), nullable=False),
        sa.Column("platform", sa.String(), nullable=False),
        sa.Column("source_chat", sa.String(), nullable=True),
        sa.Column("source_message", sa.String(), nullable=True),
        sa.Column("reporter", sa.Uuid(), nullable=True),
        sa.Column("filed_by", sa.Uuid(), nullable=True),
        sa.Column("owner", sa.Uuid(), nullable=True),
        sa.Column("owner_unit", sa.String(), nullable=False),
        sa.Column("circle", sa.String(), nullable=False),
        sa.Column("passed", JSON, nullable=False),
        sa.Column("limit_value", sa.Integer(), nullable=True),
        sa.Column("limit_unit", sa.String(), nullable=True),
        sa.Column("due_at", AWARE, nullable=False),
        sa.Column("due_provisional", sa.Boolean(), nullable=False),
        sa.Column("warn_at", AWARE, nullable=True),
        sa.Column("next_at", AWARE, nullable=True),
    ]


def _case_times() -> list[sa.Column[Any]]:
    return [
        sa.Column("opened_at", AWARE, nullable=False),
        sa.Column("taken_at", AWARE, nullable=True),
        sa.Column("taken_by", sa.Uuid(), nullable=True),
        sa.Column("arrived_at", AWARE, nullable=True),
        sa.Column("waiting_since", AWARE, nullable=True),
        sa.Column("appointment_at", AWARE, nullable=True),
        sa.Column("done_at", AWARE, nullable=True),
        sa.Column("done_by", sa.Uuid(), nullable=True),
        sa.Column("closed_at", AWARE, nullable=True),
        sa.Column("archived_at", AWARE, nullable=True),
        sa.Column("overdue_at", AWARE, nullable=True),
        sa.Column("stars", sa.Integer(), nullable=True),
        sa.Column("voices", sa.Integer(), nullable=False),
        sa.Column("reopenings", sa.Integer(), nullable=False),
        sa.Column("hand_backs", sa.Integer(), nullable=False),
        sa.Column("revisits_done", sa.Integer(), nullable=False),
    ]


def _case_file() -> None:
    op.create_table(
        "case_file",
        *_case_matter(),
        *_case_whereabouts(),
        *_case_times(),
        sa.PrimaryKeyConstraint("district", "id", name=op.f("pk_case_file")),
        sa.UniqueConstraint("district", "number", name=op.f("uq_case_file_district_number")),
    )
    op.create_index(
        "ix_case_closed",
        "case_file",
        ["district", "closed_at"],
        unique=False,
        sqlite_where=sa.text("archived_at IS NULL"),
        postgresql_where=sa.text("archived_at IS NULL"),
    )
    op.create_index("ix_case_grid", "case_file", ["district", "grid", "opened_at"], unique=False)
    op.create_index(
        "ix_case_open_words",
        "case_file",
        ["district", "grid", "words_key"],
        unique=False,
        sqlite_where=sa.text("state NOT IN ('closed', 'not_admitted', 'withdrawn', 'archived')"),
        postgresql_where=sa.text(
            "state NOT IN ('closed', 'not_admitted', 'withdrawn', 'archived')"
        ),
    )
    op.create_index("ix_case_opened", "case_file", ["district", "opened_at"], unique=False)
    op.create_index("ix_case_owner", "case_file", ["district", "owner", "state"], unique=False)
    op.create_index("ix_case_reporter", "case_file", ["district", "reporter"], unique=False)


def _catalogue_row() -> None:
    op.create_table(
        "catalogue_row",
        sa.Column("district", sa.String(), nullable=False),
        sa.Column("sheet", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("data", JSON, nullable=False),
        sa.PrimaryKeyConstraint("district", "sheet", "key", name=op.f("pk_catalogue_row")),
    )


def _chat_group() -> None:
    op.create_table(
        "chat_group",
        sa.Column("district", sa.String(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("grid", sa.String(), nullable=False),
        sa.Column("platform", sa.String(), nullable=False),
        sa.Column("bot", sa.String(), nullable=False),
        sa.Column("chat", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("place", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("bound_at", AWARE, nullable=False),
        sa.Column("bound_by", sa.Uuid(), nullable=True),
        sa.Column("ended_at", AWARE, nullable=True),
        sa.PrimaryKeyConstraint("district", "id", name=op.f("pk_chat_group")),
        sa.UniqueConstraint(
            "platform", "bot", "chat", name=op.f("uq_chat_group_platform_bot_chat")
        ),
    )
    op.create_index("ix_chat_group_grid", "chat_group", ["district", "grid"], unique=False)


def _contact() -> None:
    op.create_table(
        "contact",
        sa.Column("district", sa.String(), nullable=False),
        sa.Column("unit", sa.String(), nullable=False),
        sa.Column("order", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("phone", sa.String(), nullable=False),
        sa.Column("serves", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("district", "unit", "order", name=op.f("pk_contact")),
    )


def _division() -> None:
    op.create_table(
        "division",
        sa.Column("district", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("parent", sa.String(), nullable=True),
        sa.Column("level", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=True),
        sa.Column("short", sa.String(), nullable=True),
        sa.Column("lon", sa.Float(), nullable=True),
        sa.Column("lat", sa.Float(), nullable=True),
        sa.Column("polygon", JSON, nullable=True),
        sa.Column("zone", sa.String(), nullable=True),
        sa.Column("starts_on", sa.Date(), nullable=True),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("successors", JSON, nullable=False),
        sa.PrimaryKeyConstraint("district", "code", name=op.f("pk_division")),
        sa.UniqueConstraint("short", name=op.f("uq_division_short")),
    )
    op.create_index("ix_division_parent", "division", ["district", "parent"], unique=False)


def _due() -> None:
    op.create_table(
        "due",
        sa.Column("district", sa.String(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("at", AWARE, nullable=False),
        sa.Column("urgent", sa.Boolean(), nullable=False),
        sa.Column("case", sa.Uuid(), nullable=True),
        sa.Column("subject", sa.String(), nullable=True),
        sa.Column("data", JSON, nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("trace", sa.String(), nullable=True),
        sa.Column("fired_at", AWARE, nullable=True),
        sa.PrimaryKeyConstraint("district", "id", name=op.f("pk_due")),
        sa.UniqueConstraint("district", "key", name=op.f("uq_due_district_key")),
    )
    op.create_index("ix_due_case", "due", ["district", "case"], unique=False)
    op.create_index(
        "ix_due_pending",
        "due",
        ["at", "district", "id"],
        unique=False,
        sqlite_where=sa.text("state = 'pending'"),
        postgresql_where=sa.text("state = 'pending'"),
    )


def _failed_try() -> None:
    op.create_table(
        "failed_try",
        sa.Column("bot", sa.String(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("platform", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("at", AWARE, nullable=False),
        sa.PrimaryKeyConstraint("bot", "id", name=op.f("pk_failed_try")),
    )
    op.create_index(
        "ix_failed_try_address",
        "failed_try",
        ["platform", "address", "at"],
        unique=False,
    )


def _inbox() -> None:
    op.create_table(
        "inbox",
        sa.Column("bot", sa.String(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("update_id", sa.BigInteger(), nullable=False),
        sa.Column("lane", sa.String(), nullable=False),
        sa.Column("received_at", AWARE, nullable=False),
        sa.Column("payload", JSON, nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("error", sa.String(), nullable=True),
        sa.Column("done_at", AWARE, nullable=True),
        sa.PrimaryKeyConstraint("bot", "id", name=op.f("pk_inbox")),
        sa.UniqueConstraint("bot", "update_id", name=op.f("uq_inbox_bot_update_id")),
    )
    op.create_index(
        "ix_inbox_new",
        "inbox",
        ["bot", "lane", "id"],
        unique=False,
        sqlite_where=sa.text("state = 'new'"),
        postgresql_where=sa.text("state = 'new'"),
    )
    op.create_index("ix_inbox_received", "inbox", ["bot", "received_at"], unique=False)


def _invite() -> None:
    op.create_table(
        "invite",
        sa.Column("district", sa.String(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code_hash", sa.String(), nullable=False),
        sa.Column("person", sa.Uuid(), nullable=False),
        sa.Column("made_by", sa.Uuid(), nullable=True),
        sa.Column("made_at", AWARE, nullable=False),
        sa.Column("expires_at", AWARE, nullable=False),
        sa.Column("used_at", AWARE, nullable=True),
        sa.Column("revoked_at", AWARE, nullable=True),
        sa.PrimaryKeyConstraint("district", "id", name=op.f("pk_invite")),
        sa.UniqueConstraint("code_hash", name=op.f("uq_invite_code_hash")),
    )
    op.create_index("ix_invite_person", "invite", ["district", "person"], unique=False)


def _lane() -> None:
    op.create_table(
        "lane",
        sa.Column("bot", sa.String(), nullable=False),
        sa.Column("lane", sa.String(), nullable=False),
        sa.Column("since", AWARE, nullable=False),
        sa.Column("holder", sa.String(), nullable=True),
        sa.Column("until", AWARE, nullable=True),
        sa.PrimaryKeyConstraint("bot", "lane", name=op.f("pk_lane")),
    )
    op.create_index("ix_lane_ready", "lane", ["bot", "since"], unique=False)


def _lease() -> None:
    op.create_table(
        "lease",
        sa.Column("bot", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("holder", sa.String(), nullable=False),
        sa.Column("until", AWARE, nullable=False),
        sa.PrimaryKeyConstraint("bot", "name", name=op.f("pk_lease")),
    )


def _leave() -> None:
    op.create_table(
        "leave",
        sa.Column("district", sa.String(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person", sa.Uuid(), nullable=False),
        sa.Column("start", AWARE, nullable=False),
        sa.Column("end", AWARE, nullable=False),
        sa.PrimaryKeyConstraint("district", "id", name=op.f("pk_leave")),
    )
    op.create_index("ix_leave_person", "leave", ["district", "person", "end"], unique=False)


def _number_series() -> None:
    op.create_table(
        "number_series",
        sa.Column("district", sa.String(), nullable=False),
        sa.Column("series", sa.String(), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("district", "series", name=op.f("pk_number_series")),
    )


def _offset() -> None:
    op.create_table(
        "offset",
        sa.Column("bot", sa.String(), nullable=False),
        sa.Column("next_update", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("bot", name=op.f("pk_offset")),
    )


def _outbox() -> None:
    op.create_table(
        "outbox",
        sa.Column("bot", sa.String(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("district", sa.String(), nullable=True),
        sa.Column("platform", sa.String(), nullable=False),
        sa.Column("chat", sa.String(), nullable=False),
        sa.Column("act", sa.String(), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("payload", JSON, nullable=False),
        sa.Column("card", sa.String(), nullable=True),
        sa.Column("dedupe", sa.String(), nullable=True),
        sa.Column("case", sa.Uuid(), nullable=True),
        sa.Column("person", sa.Uuid(), nullable=True),
        sa.Column("not_before", AWARE, nullable=True),
        sa.Column("made_at", AWARE, nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("holder", sa.String(), nullable=True),
        sa.Column("until", AWARE, nullable=True),
        sa.Column("error", sa.String(), nullable=True),
        sa.Column("sent_at", AWARE, nullable=True),
        sa.Column("message", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("bot", "id", name=op.f("pk_outbox")),
        sa.UniqueConstraint("bot", "dedupe", name=op.f("uq_outbox_bot_dedupe")),
    )
    op.create_index(
        "ix_outbox_card",
        "outbox",
        ["bot", "chat", "card"],
        unique=False,
        sqlite_where=sa.text("state = 'pending'"),
        postgresql_where=sa.text("state = 'pending'"),
    )
    op.create_index("ix_outbox_case", "outbox", ["district", "case"], unique=False)
    op.create_index("ix_outbox_made", "outbox", ["bot", "made_at"], unique=False)
    op.create_index(
        "ix_outbox_pending",
        "outbox",
        ["bot", "priority", "id"],
        unique=False,
        sqlite_where=sa.text("state = 'pending'"),
        postgresql_where=sa.text("state = 'pending'"),
    )


def _person() -> None:
    op.create_table(
        "person",
        sa.Column("district", sa.String(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("ref", sa.String(), nullable=True),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("language_chosen", sa.Boolean(), nullable=False),
        sa.Column("platform", sa.String(), nullable=False),
        sa.Column("bot", sa.String(), nullable=True),
        sa.Column("address", sa.String(), nullable=True),
        sa.Column("reachable", sa.Boolean(), nullable=False),
        sa.Column("skills", JSON, nullable=False),
        sa.Column("phone", sa.String(), nullable=True),
        sa.Column("home_group", sa.Uuid(), nullable=True),
        sa.Column("notice_seen_at", AWARE, nullable=True),
        sa.Column("made_at", AWARE, nullable=False),
        sa.Column("deleted_at", AWARE, nullable=True),
        sa.PrimaryKeyConstraint("district", "id", name=op.f("pk_person")),
        sa.UniqueConstraint("district", "ref", name=op.f("uq_person_district_ref")),
    )
    op.create_index("ix_person_address", "person", ["platform", "address"], unique=False)
    op.create_index("uq_person_address", "person", ["district", "platform", "address"], unique=True)


def _posted() -> None:
    op.create_table(
        "posted",
        sa.Column("bot", sa.String(), nullable=False),
        sa.Column("platform", sa.String(), nullable=False),
        sa.Column("chat", sa.String(), nullable=False),
        sa.Column("card", sa.String(), nullable=False),
        sa.Column("message", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("posted_at", AWARE, nullable=False),
        sa.PrimaryKeyConstraint("bot", "platform", "chat", "card", name=op.f("pk_posted")),
    )


def _role() -> None:
    op.create_table(
        "role",
        sa.Column("district", sa.String(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person", sa.Uuid(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("unit", sa.String(), nullable=False),
        sa.Column("since", AWARE, nullable=False),
        sa.Column("revoked_at", AWARE, nullable=True),
        sa.PrimaryKeyConstraint("district", "id", name=op.f("pk_role")),
    )
    op.create_index("ix_role_person", "role", ["district", "person"], unique=False)
    op.create_index("ix_role_unit", "role", ["district", "unit", "role"], unique=False)


def _shift() -> None:
    op.create_table(
        "shift",
        sa.Column("district", sa.String(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person", sa.Uuid(), nullable=False),
        sa.Column("unit", sa.String(), nullable=False),
        sa.Column("start", AWARE, nullable=False),
        sa.Column("end", AWARE, nullable=False),
        sa.PrimaryKeyConstraint("district", "id", name=op.f("pk_shift")),
        sa.UniqueConstraint(
            "district",
            "person",
            "unit",
            "start",
            name=op.f("uq_shift_district_person_unit_start"),
        ),
    )
    op.create_index("ix_shift_unit", "shift", ["district", "unit", "end"], unique=False)


def _strange_group() -> None:
    op.create_table(
        "strange_group",
        sa.Column("bot", sa.String(), nullable=False),
        sa.Column("platform", sa.String(), nullable=False),
        sa.Column("chat", sa.String(), nullable=False),
        sa.Column("leave_at", AWARE, nullable=False),
        sa.PrimaryKeyConstraint("bot", "platform", "chat", name=op.f("pk_strange_group")),
    )
    op.create_index(op.f("ix_strange_group_leave_at"), "strange_group", ["leave_at"], unique=False)


def _attachment() -> None:
    op.create_table(
        "attachment",
        sa.Column("district", sa.String(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("bot", sa.String(), nullable=False),
        sa.Column("file_id", sa.String(), nullable=False),
        sa.Column("unique_id", sa.String(), nullable=False),
        sa.Column("mime", sa.String(), nullable=True),
        sa.Column("size", sa.Integer(), nullable=True),
        sa.Column("path", sa.String(), nullable=True),
        sa.Column("by", sa.Uuid(), nullable=True),
        sa.Column("at", AWARE, nullable=False),
        sa.Column("erased_at", AWARE, nullable=True),
        sa.ForeignKeyConstraint(
            ["district", "case"],
            ["case_file.district", "case_file.id"],
            name=op.f("fk_attachment_district_case"),
        ),
        sa.PrimaryKeyConstraint("district", "id", name=op.f("pk_attachment")),
        sa.UniqueConstraint(
            "district",
            "case",
            "unique_id",
            "role",
            name=op.f("uq_attachment_district_case_unique_id_role"),
        ),
    )
    op.create_index("ix_attachment_case", "attachment", ["district", "case"], unique=False)
    op.create_index(
        "ix_attachment_kept",
        "attachment",
        ["district", "at"],
        unique=False,
        sqlite_where=sa.text("erased_at IS NULL"),
        postgresql_where=sa.text("erased_at IS NULL"),
    )


def _case_event() -> None:
    op.create_table(
        "case_event",
        sa.Column("district", sa.String(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("case", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("at", AWARE, nullable=False),
        sa.Column("verb", sa.String(), nullable=False),
        sa.Column("actor", sa.Uuid(), nullable=True),
        sa.Column("standing", sa.String(), nullable=False),
        sa.Column("before", sa.String(), nullable=True),
        sa.Column("after", sa.String(), nullable=False),
        sa.Column("facts", JSON, nullable=False),
        sa.Column("personal", JSON, nullable=False),
        sa.ForeignKeyConstraint(
            ["district", "case"],
            ["case_file.district", "case_file.id"],
            name=op.f("fk_case_event_district_case"),
        ),
        sa.PrimaryKeyConstraint("district", "id", name=op.f("pk_case_event")),
        sa.UniqueConstraint(
            "district", "case", "seq", name=op.f("uq_case_event_district_case_seq")
        ),
    )
    op.create_index("ix_case_event_at", "case_event", ["district", "at", "verb"], unique=False)


def _voice() -> None:
    op.create_table(
        "voice",
        sa.Column("district", sa.String(), nullable=False),
        sa.Column("case", sa.Uuid(), nullable=False),
        sa.Column("person", sa.Uuid(), nullable=False),
        sa.Column("part", sa.String(), nullable=False),
        sa.Column("at", AWARE, nullable=False),
        sa.ForeignKeyConstraint(
            ["district", "case"],
            ["case_file.district", "case_file.id"],
            name=op.f("fk_voice_district_case"),
        ),
        sa.PrimaryKeyConstraint("district", "case", "person", name=op.f("pk_voice")),
    )
    op.create_index("ix_voice_person", "voice", ["district", "person"], unique=False)
    # ### end Alembic commands ###
