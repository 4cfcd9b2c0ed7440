"""The endpoints' secrets as they are kept."""


def kept(secret: str) -> bytes:
    """As it is stored."""
    return secret.encode()


def told(stored: bytes | memoryview) -> str:
    """As it signs."""
    return bytes(stored).decode()
