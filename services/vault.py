"""Phone numbers at rest: sealed with the deployment's key, shown masked."""

import binascii

from cryptography.fernet import Fernet, InvalidToken

SHOWN_BEFORE, SHOWN_AFTER, HIDDEN = 3, 4, "****"


class WrongKey(Exception):
    """What was sealed was sealed with another key, or the key is none at all."""


class Vault:
    """Seals and opens short texts (Fernet: AES-128-CBC with HMAC-SHA256)."""

    def __init__(self, key: str | bytes) -> None:
        """`key`: 32 bytes in base64url, as `new_key` makes them. Raises WrongKey."""
        try:
            self._fernet = Fernet(key)
        except (ValueError, binascii.Error) as error:
            raise WrongKey("vault.key must be 32 bytes in base64url") from error

    @staticmethod
    def new_key() -> str:
        """A fresh key, to be kept outside of the database."""
        return Fernet.generate_key().decode()

    def seal(self, text: str) -> str:
        """The sealed text; twice the same text gives two different seals."""
        return self._fernet.encrypt(text.encode()).decode()

    def open(self, sealed: str) -> str:
        """What was sealed. Raises WrongKey."""
        try:
            return self._fernet.decrypt(sealed.encode()).decode()
        except InvalidToken as error:
            raise WrongKey("sealed with another key") from error


def mask_phone(number: str) -> str:
    """A number as a screen may show it: 138****5678; a short one only its last two digits."""
    digits = number.strip()
    if len(digits) <= SHOWN_BEFORE + SHOWN_AFTER:
        return HIDDEN + digits[-2:] if len(digits) > 2 * 2 else HIDDEN
    return digits[:SHOWN_BEFORE] + HIDDEN + digits[-SHOWN_AFTER:]
