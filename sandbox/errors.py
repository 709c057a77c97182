"""The two ways in which the sandbox says no: as the Bot API does, and as the user side does."""

from __future__ import annotations

from typing import Any


class ApiError(Exception):
    """An answer `{"ok": false}` of the Bot API, with Telegram's own text."""

    def __init__(self, code: int, description: str, **parameters: Any) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.parameters = parameters

    def body(self) -> dict[str, Any]:
        """The JSON body: ok, error_code, description and, where there are any, parameters."""
        answer: dict[str, Any] = {
            "ok": False,
            "error_code": self.code,
            "description": self.description,
        }
        if self.parameters:
            answer["parameters"] = self.parameters
        return answer


def bad_request(text: str, **parameters: Any) -> ApiError:
    """400 with Telegram's prefix."""
    return ApiError(400, f"Bad Request: {text}", **parameters)


def forbidden(text: str) -> ApiError:
    """403 with Telegram's prefix."""
    return ApiError(403, f"Forbidden: {text}")


def too_many_requests(seconds: int) -> ApiError:
    """429; `seconds` is how long to wait before trying again."""
    return ApiError(429, f"Too Many Requests: retry after {seconds}", retry_after=seconds)


class UserError(Exception):
    """A call of the user side that can't be done: `{"error", "field"}` with a 4xx status."""

    def __init__(self, error: str, field: str | None = None, status: int = 400) -> None:
        super().__init__(error)
        self.error = error
        self.field = field
        self.status = status
