"""The endpoints' secrets as they are kept: encrypted, with the installation's keys outside the database (access/factor_secrets.py)."""

from elmed.access.factor_secrets import decrypt, encrypt


def kept(secret: str) -> bytes:
    """As it is stored."""
    return encrypt(secret).encode()


def told(stored: bytes | memoryview) -> str:
    """As it signs. Raises Unreadable where no key of this installation opens it."""
    return decrypt(bytes(stored).decode())
