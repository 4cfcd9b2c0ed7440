"""The installation's seal: Ed25519 (RFC 8032) over the canonical JSON (RFC 8785) of what was signed.

It proves that this installation recorded these words at that moment and that nobody changed them since;
it is a server's seal, not the doctor's own signature. Private keys are PEM files in SEALING_KEYS_DIR, outside
the database; the newest by name signs. Public keys of retired ones (`*.pub.pem`) stay, so that old seals verify.
"""

import base64
import hashlib
import os
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import rfc8785
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization as ser
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from django.conf import settings

ALGORITHM = "Ed25519"


class SealingKeyMissing(RuntimeError):
    """There is no sealing key: nothing can be signed. `elmed setup` makes one."""


class KeyRing(NamedTuple):
    """The signing key and every public key, by key id."""

    signing_id: str
    signing: Ed25519PrivateKey
    public: Mapping[str, Ed25519PublicKey]


def key_id(public: Ed25519PublicKey) -> str:
    """The first 16 hex digits of the SHA-256 of the raw public key."""
    return hashlib.sha256(public.public_bytes_raw()).hexdigest()[:16]


def make_key(folder: Path, moment: datetime) -> Path:
    """Write a new private key, readable by its owner alone, and return its file. It signs from the next start on."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    file = folder / f"{moment:%Y%m%dT%H%M%SZ}.pem"
    pem = Ed25519PrivateKey.generate().private_bytes(ser.Encoding.PEM, ser.PrivateFormat.PKCS8, ser.NoEncryption())
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as handle:
        handle.write(pem)
    return file


@lru_cache(maxsize=4)
def _load(folder: str) -> KeyRing:
    private: list[Ed25519PrivateKey] = []
    public: list[Ed25519PublicKey] = []
    for file in sorted(Path(folder).glob("*.pem")):
        if file.name.endswith(".pub.pem"):
            loaded_public = ser.load_pem_public_key(file.read_bytes())
            if isinstance(loaded_public, Ed25519PublicKey):
                public.append(loaded_public)
            continue
        loaded = ser.load_pem_private_key(file.read_bytes(), password=None)
        if isinstance(loaded, Ed25519PrivateKey):
            private.append(loaded)
    if not private:
        raise SealingKeyMissing(f"No sealing key in {folder}. Run `elmed setup`.")
    everyone = [*public, *(key.public_key() for key in private)]
    return KeyRing(key_id(private[-1].public_key()), private[-1], {key_id(key): key for key in everyone})


def key_ring() -> KeyRing:
    """The keys of this installation, read once a process. Raises SealingKeyMissing."""
    return _load(str(settings.SEALING_KEYS_DIR))


def canonical(document: Mapping[str, Any]) -> bytes:
    """Canonical JSON (RFC 8785)."""
    return rfc8785.dumps(dict(document))


def sign(payload: bytes) -> tuple[str, str]:
    """(key id, base64 signature) of the current key."""
    ring = key_ring()
    return ring.signing_id, base64.b64encode(ring.signing.sign(payload)).decode()


def holds(payload: bytes, signing_key_id: str, value: str) -> bool:
    """Whether that signature, by that key, fits these bytes."""
    public = key_ring().public.get(signing_key_id)
    if public is None:
        return False
    try:
        public.verify(base64.b64decode(value, validate=True), payload)
    except (InvalidSignature, ValueError):
        return False
    return True


def public_keys() -> list[dict[str, str]]:
    """What `/.well-known/elmed-keys.json` publishes: every key, old ones too (raw public key, base64)."""
    return [
        {"key_id": identifier, "algorithm": ALGORITHM, "public_key": base64.b64encode(key.public_bytes_raw()).decode()}
        for identifier, key in sorted(key_ring().public.items())
    ]
