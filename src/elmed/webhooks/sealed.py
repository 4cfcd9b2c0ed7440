"""The endpoints' secrets as they are kept: encrypted, with the installation's keys outside the database (access/factor_secrets.py)."""

from django.db import transaction

from elmed.access.factor_secrets import Unreadable, decrypt, encrypt
from elmed.webhooks.models import Endpoint


def kept(secret: str) -> bytes:
    """As it is stored."""
    return encrypt(secret).encode()


def told(stored: bytes | memoryview) -> str:
    """As it signs. Raises Unreadable where no key of this installation opens it."""
    return decrypt(bytes(stored).decode())


@transaction.atomic
def encrypt_all() -> int:
    """Encrypt every endpoint's secrets with the newest key. Returns of how many. Raises FactorKeyMissing, Unreadable."""
    rows = Endpoint.objects.select_for_update().order_by("pk")
    for row in rows:
        row.secret = kept(told(row.secret))
        row.old_secret = None if row.old_secret is None else kept(told(row.old_secret))
        row.save(update_fields=["secret", "old_secret"])
    return len(rows)


def count_unreadable() -> int:
    """How many endpoints have a secret that these keys do not open. Raises FactorKeyMissing."""
    count = 0
    for row in Endpoint.objects.only("secret").iterator():
        try:
            told(row.secret)
        except Unreadable:
            count += 1
    return count
