"""Logs hold events and ids, never words or tokens."""

import io
import json
import logging

import structlog

from bot import log

TOKEN = "123456789:AAEhBOweik6ad9r_QXMENQjcrGbqCr4K-bc"


def lines(work) -> list[dict]:
    stream = io.StringIO()
    log.set_up("INFO", stream)
    work()
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_an_event_is_one_json_line_with_its_fields():
    (line,) = lines(lambda: structlog.get_logger("bot.x").info("sent", id="1"))
    assert (line["event"], line["id"], line["level"]) == ("sent", "1", "info")
    assert line["at"].endswith("Z")


def test_a_token_is_hidden_wherever_it_stands():
    def work():
        structlog.get_logger("bot.x").info("call", url=f"https://x/bot{TOKEN}/getMe")
        logging.getLogger("library").warning("failed: https://x/bot%s/getMe", TOKEN)
        logging.getLogger("library").error(f"failed: {TOKEN}")

    found = lines(work)
    assert len(found) == 3
    assert TOKEN not in str(found)
    assert "[token]" in found[0]["url"]


def test_an_exception_is_shown_without_its_message():
    def work():
        try:
            raise ValueError("三号楼的灯坏了")
        except ValueError as error:
            structlog.get_logger("bot.x").error("failed", exc_info=error)
            logging.getLogger("library").exception("failed")

    found = lines(work)
    assert [line["error"] for line in found] == ["ValueError", "ValueError"]
    assert "test_log.py" in found[0]["where"][0]
    assert "灯" not in str(found)


def test_a_library_shows_its_template_and_no_values():
    (line,) = lines(lambda: logging.getLogger("library").warning("for %s", "李华"))
    assert (line["event"], line["logger"]) == ("for %s", "library")
    assert "李华" not in str(line)
