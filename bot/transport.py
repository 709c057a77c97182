"""python-telegram-bot's requests over aiohttp: its own transport slows down under concurrency.

The token is part of every URL, so no error of aiohttp's is ever shown or chained.
"""

import json
from typing import Any

import aiohttp
import msgspec
from telegram.error import NetworkError, TelegramError, TimedOut
from telegram.request import BaseRequest, RequestData

CONNECT_SECONDS = 10.0
READ_SECONDS = 20.0
# uploads of photos take their time on a phone's network
UPLOAD_SECONDS = 120.0


class Transport(BaseRequest):
    """One pool of connections per service, shared by its bots."""

    def __init__(self, connections: int = 100) -> None:
        self._connections = connections
        self._session: aiohttp.ClientSession | None = None

    @property
    def read_timeout(self) -> float | None:
        return READ_SECONDS

    async def initialize(self) -> None:
        if self._session is None:
            connector = aiohttp.TCPConnector(limit=self._connections)
            self._session = aiohttp.ClientSession(connector=connector)

    async def shutdown(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def do_request(
        self,
        url: str,
        method: str,
        request_data: RequestData | None = None,
        read_timeout: Any = BaseRequest.DEFAULT_NONE,
        write_timeout: Any = BaseRequest.DEFAULT_NONE,
        connect_timeout: Any = BaseRequest.DEFAULT_NONE,
        pool_timeout: Any = BaseRequest.DEFAULT_NONE,
    ) -> tuple[int, bytes]:
        await self.initialize()
        assert self._session is not None
        total = _seconds(read_timeout, request_data)
        timeout = aiohttp.ClientTimeout(total=total, sock_connect=CONNECT_SECONDS)
        try:
            body, headers = _body(request_data)
            async with self._session.request(
                method, url, data=body, headers=headers, timeout=timeout, allow_redirects=False
            ) as response:
                return response.status, await response.read()
        except TimeoutError:
            problem: TelegramError = TimedOut()
        except (aiohttp.ClientError, OSError, ValueError) as error:
            problem = NetworkError(type(error).__name__)
        raise problem

    @staticmethod
    def parse_json_payload(payload: bytes) -> dict[str, Any]:
        """The answer's JSON. Raises TelegramError, without showing what came."""
        try:
            return msgspec.json.decode(payload, type=dict[str, Any])
        except (msgspec.MsgspecError, UnicodeDecodeError):
            pass
        # more patient: half a pair of UTF-16 in one update must not stop all that follow it
        try:
            found = json.loads(payload.decode("utf-8", "replace"))
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, dict):
            raise NetworkError("the server's answer is not JSON")
        return found


def _seconds(given: Any, data: RequestData | None) -> float:
    if isinstance(given, (int, float)):
        return float(given)
    return UPLOAD_SECONDS if data is not None and data.contains_files else READ_SECONDS


_JSON = {"Content-Type": "application/json"}


def _body(data: RequestData | None) -> tuple[Any, dict[str, str] | None]:
    """The body and what it is. Percent signs for every byte of a Chinese text cost more than the
    request, and treble it; the Bot API takes JSON as well, but for files."""
    if data is None:
        return None, None
    if not data.contains_files:
        return msgspec.json.encode(data.parameters), _JSON
    form = aiohttp.FormData(data.json_parameters)
    for name, (filename, content, mime) in data.multipart_data.items():
        form.add_field(name, content, filename=filename, content_type=mime)
    return form, None
