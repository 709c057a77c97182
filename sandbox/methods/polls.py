"""Polls, as far as they are needed: regular and quiz polls with fixed options."""

from __future__ import annotations

from typing import Any

from sandbox import keyboards
from sandbox.entities import formatted
from sandbox.errors import bad_request
from sandbox.methods.call import Call, method
from sandbox.methods.messages import send
from sandbox.people import Json, Poll

OPTIONS = range(1, 13)
MAX_QUESTION = 300  # characters
MAX_OPTION = 100  # characters


def _question(call: Call) -> tuple[str, list[Json]]:
    args = call.args
    text, entities = formatted(
        args["question"], args.get("question_parse_mode"), args.get("question_entities")
    )
    if not text:
        raise bad_request("poll question must be non-empty")
    if len(text) > MAX_QUESTION:
        raise bad_request("poll question length must not exceed 300")
    return text, entities


def _options(call: Call) -> list[Json]:
    given = [one["text"] for one in call.args["options"]]
    if len(given) not in OPTIONS:
        raise bad_request(
            "poll can't have more than 12 options" if given else "poll must have at least 1 option"
        )
    for text in given:
        if not text.strip():
            raise bad_request("poll options must be non-empty")
        if len(text) > MAX_OPTION:
            raise bad_request("poll options length must not exceed 100")
    return [{"text": text.strip()} for text in given]


def _settings(call: Call, count: int) -> Json:
    args = call.args
    kind = args.get("type", "regular")
    if kind not in ("regular", "quiz"):
        raise bad_request("unsupported poll type specified")
    settings: dict[str, Any] = {
        "is_anonymous": args.get("is_anonymous", True),
        "type": kind,
        "allows_multiple_answers": args.get("allows_multiple_answers", False),
        "allows_revoting": args.get("allows_revoting", kind == "regular"),
        "members_only": args.get("members_only", False),
    }
    if kind == "quiz":
        correct = args.get("correct_option_ids")
        if not correct or any(not 0 <= one < count for one in correct):
            raise bad_request("wrong correct option ID specified")
        settings["correct_option_ids"] = correct
    return settings


@method("sendPoll")
def send_poll(call: Call) -> Json:
    """A poll."""
    text, entities = _question(call)
    options = _options(call)
    settings = _settings(call, len(options))
    poll = Poll(str(call.world.new_number()), text, entities, options, settings)
    poll.is_closed = bool(call.args.get("is_closed"))
    message = send(call, {}, poll=poll)
    call.world.add_poll(call.bot, message, poll)
    return message.shape()


@method("stopPoll")
def stop_poll(call: Call) -> Json:
    """Ends a poll of the bot's; gives the `Poll`."""
    message = call.own_message("message with poll to stop")
    if message.poll is None:
        raise bad_request("message with poll to stop not found")
    if message.poll.is_closed:
        raise bad_request("poll has already been closed")
    message.keyboard = keyboards.inline(call.args.get("reply_markup"), message.chat.is_private)
    message.poll.is_closed = True
    call.world.edited(message)
    return message.poll.shape()
