"""Every key says whose it is, so that districts can be kept apart (docs/scaling.md)."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Table, UniqueConstraint

import models

# what is given out once for all districts of a deployment, as docs/scaling.md says
WIDE = {"division.short", "invite.code_hash", "bind_code.code_hash"}
OWNERS = {"district", "bot"}


@pytest.mark.parametrize("table", models.metadata.sorted_tables, ids=lambda table: table.name)
def test_keys_begin_with_whom_they_belong_to(table: Table):
    assert next(iter(table.primary_key.columns)).name in OWNERS
    assert set(wide_keys(table)) <= WIDE
    for foreign in table.foreign_key_constraints:
        assert "district" in foreign.columns


def wide_keys(table: Table) -> Iterator[str]:
    """Unique keys that name neither a district nor a bot."""
    for key in table.constraints:
        if isinstance(key, UniqueConstraint) and not OWNERS & set(key.columns.keys()):
            yield f"{table.name}.{','.join(key.columns.keys())}"
