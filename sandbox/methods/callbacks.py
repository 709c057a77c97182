"""Answers to presses."""

from __future__ import annotations

from sandbox.errors import bad_request
from sandbox.methods.call import Call, method
from sandbox.people import Query

MAX_ANSWER = 200  # characters
QUERY_LIFE = 60  # seconds of the sandbox's clock in which a press can be answered
TOO_OLD = "query is too old and response timeout expired or query ID is invalid"


def _query(call: Call) -> Query:
    query = call.world.queries.get(call.args["callback_query_id"])
    if query is None or query.bot is not call.bot or query.answered:
        raise bad_request(TOO_OLD)
    if call.world.now() - query.made > QUERY_LIFE:
        raise bad_request(TOO_OLD)
    return query


@method("answerCallbackQuery")
def answer_callback_query(call: Call) -> bool:
    """Ends the waiting of who pressed, with a notice or an alert."""
    query = _query(call)
    text = call.args.get("text", "")
    if len(text) > MAX_ANSWER:
        raise bad_request("MESSAGE_TOO_LONG")
    if call.args.get("url"):
        raise bad_request("URL_INVALID")
    call.world.answer(query, {"text": text, "show_alert": bool(call.args.get("show_alert"))})
    return True
