"""The bench measures what it says: a small round against the real service, and its counting."""

from pathlib import Path

import pytest

from bench.ground import OWN, prepare
from bench.load import loading
from bench.rounds import cards_of, measured, stored_in
from bench.standin import standing_in

REPORTS = 20


@pytest.mark.timeout(180)
async def test_a_case_counts_with_its_answer_its_workers_card_and_its_row(tmp_path: Path) -> None:
    async with standing_in() as standin:
        ground = await prepare(tmp_path / "ground", standin)
        folder = ground.place("round")
        url = ground.fresh(folder)
        async with ground.start(OWN, url, folder) as process:
            load = await loading([process.port], OWN.path)
            found = await measured(ground, OWN, [process], load, REPORTS, None)
            load.close()
        found.stored = stored_in(folder / "linli.db", found.first, REPORTS)
        assert found.whole, (found.done, found.stored, process.log.read_text())
        assert found.complaints == []
        assert found.rate > 0
        assert len(found.confirm) == len(found.answer) == len(found.card) == REPORTS
        # one card less, one case less
        private = next(each for each in standin.sent if each.chat > 0 and each.number)
        rest = [each for each in standin.sent if each.number != private.number or each.chat < 0]
        assert len(cards_of(rest).both) == REPORTS - 1
        assert stored_in(folder / "linli.db", found.first + 1, REPORTS) == REPORTS - 1
