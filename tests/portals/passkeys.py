"""A passkey without a browser: it answers the server's question as an authenticator would, rightly or not."""

import hashlib
import json
import os

from allauth.mfa.models import Authenticator
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from django.test import Client
from django.urls import reverse
from fido2.cose import ES256
from fido2.utils import websafe_encode
from fido2.webauthn import AttestationObject, AttestedCredentialData, AuthenticatorData, CollectedClientData

from elmed.accounts.models import Person

HOST = "testserver"
FLAG = AuthenticatorData.FLAG


class Passkey:
    """Registered for a person; `answer` is what the browser would send."""

    def __init__(self, person: Person) -> None:
        """Make the key, and put its public half into the database."""
        self.private, self.id = ec.generate_private_key(ec.SECP256R1()), os.urandom(16)
        public = ES256.from_cryptography_key(self.private.public_key())
        data = AttestedCredentialData.create(b"\0" * 16, self.id, public)
        attested = AttestationObject.create("none", self._data(FLAG.UP | FLAG.UV | FLAG.AT, data), {})
        client = CollectedClientData.create("webauthn.create", b"x" * 32, f"http://{HOST}")
        response = {"clientDataJSON": websafe_encode(client), "attestationObject": websafe_encode(attested)}
        credential = {
            "id": websafe_encode(self.id), "rawId": websafe_encode(self.id), "type": "public-key", "response": response,
            "clientExtensionResults": {"credProps": {"rk": True}},
        }  # fmt: skip
        self.row = Authenticator.objects.create(
            user=person, type="webauthn", data={"name": "Passkey", "credential": credential}
        )

    def answer(self, browser: Client, *, verified: bool = True, challenge: str | None = None) -> str:
        """To the question that the server asks now (or to another `challenge`)."""
        asked = browser.get(reverse("passkey_options"))
        assert asked.status_code == 200, asked
        options = asked.json()["request_options"]["publicKey"]
        assert options["userVerification"] == "required"
        client = json.dumps(
            {"type": "webauthn.get", "challenge": challenge or options["challenge"], "origin": f"http://{HOST}"}
        ).encode()
        data = self._data(FLAG.UP | FLAG.UV if verified else FLAG.UP)
        signature = self.private.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        return json.dumps({
            "id": websafe_encode(self.id), "rawId": websafe_encode(self.id), "type": "public-key",
            "clientExtensionResults": {},
            "response": {
                "clientDataJSON": websafe_encode(client), "authenticatorData": websafe_encode(data),
                "signature": websafe_encode(signature),
            },
        })  # fmt: skip

    @staticmethod
    def _data(flags: FLAG, attested: bytes = b"") -> AuthenticatorData:
        return AuthenticatorData.create(hashlib.sha256(HOST.encode()).digest(), flags, 1, attested)
