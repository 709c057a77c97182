"""What is sealed opens with its own key only, and a screen shows little of a number."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.vault import Vault, WrongKey, mask_phone


@given(st.text(max_size=40))
def test_what_was_sealed_opens(text: str) -> None:
    safe = Vault(Vault.new_key())
    sealed = safe.seal(text)
    assert safe.open(sealed) == text
    assert safe.seal(text) != sealed


def test_another_key_opens_nothing() -> None:
    sealed = Vault(Vault.new_key()).seal("138")
    with pytest.raises(WrongKey):
        Vault(Vault.new_key()).open(sealed)


@pytest.mark.parametrize("key", ["", "short", "键" * 32])
def test_what_is_no_key_is_refused(key: str) -> None:
    with pytest.raises(WrongKey):
        Vault(key)


@pytest.mark.parametrize(
    ("number", "shown"),
    [("13812345678", "138****5678"), ("12345", "****45"), ("110", "****"), ("", "****")],
)
def test_a_number_is_shown_masked(number: str, shown: str) -> None:
    assert mask_phone(number) == shown
