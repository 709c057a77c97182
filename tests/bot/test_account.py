"""What we lean on in python-telegram-bot beyond its documents: an upgrade that takes it away is
noticed here and not in production."""

import inspect

import pytest
from telegram import Bot, InputFile, InputMediaPhoto
from telegram.error import RetryAfter

from bot.account import Account, Client, log_in
from bot.halts import seconds_of
from bot.transport import Transport
from tests.bot.conftest import Town


def test_the_library_still_posts_raw_results():
    taken = inspect.signature(Bot._post).parameters
    assert list(taken)[:3] == ["self", "endpoint", "data"]
    assert "read_timeout" in taken


async def test_every_shape_of_a_call_reaches_the_server(town: Town):
    """Plain values, nested JSON, one file and several."""
    transport = Transport()
    account = await log_in(town.bot["token"], f"{town.url}/bot", transport)
    li = await town.person()
    file = InputFile(b"words", filename="a.txt", attach=True)
    markup = {"inline_keyboard": [[{"text": "go", "callback_data": "go~1"}]]}
    sent = await account.call("sendMessage", {"chat_id": li, "text": "a", "reply_markup": markup})
    assert sent["reply_markup"] == markup
    sent = await account.call("sendDocument", {"chat_id": li, "document": file})
    assert sent["document"]["file_name"] == "a.txt"
    album = [InputMediaPhoto(InputFile(PNG, filename=f"{n}.png", attach=True)) for n in range(2)]
    sent = await account.call("sendMediaGroup", {"chat_id": li, "media": album})
    assert len(sent) == 2
    await transport.shutdown()


PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c6360606060000000050001a5f64540"
    "0000000049454e44ae426082"
)


async def test_a_429_says_its_seconds_whatever_the_library_makes_of_them(town: Town):
    transport = Transport()
    account: Account = await log_in(town.bot["token"], f"{town.url}/bot", transport)
    await town.fault("429", method="getMe", retry_after=7)
    with pytest.raises(RetryAfter) as caught:
        await account.call("getMe")
    assert seconds_of(caught.value) == 7.0
    assert isinstance(account.client, Client)
    await transport.shutdown()
