"""The street of tests/people.py on both databases."""

from tests.services.conftest import pytest_pyfunc_call, session

__all__ = ["pytest_pyfunc_call", "session"]
