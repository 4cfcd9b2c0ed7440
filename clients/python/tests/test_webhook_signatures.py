"""Messages are checked as the contract signs them, and as the authors of Standard Webhooks do."""

import base64
import json
from datetime import datetime, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook

from elmed_client import WebhookVerificationError, webhooks

CONTRACT = Path(__file__).resolve().parents[3] / "contract"
VECTORS = json.loads((CONTRACT / "webhook-signatures.json").read_text())
MESSAGES = json.loads((CONTRACT / "webhook-messages.json").read_text())
ROLL = VECTORS["after_a_roll"]
NOW = int(VECTORS["headers"]["webhook-timestamp"])
BODY = VECTORS["body"].encode()


def verify(body=BODY, headers=VECTORS["headers"], secrets=VECTORS["secret"], now=NOW):
    return webhooks.verify(body, headers, secrets, now=now)


def test_it_takes_what_the_contract_signs():
    message = verify()
    assert (message.id, message.type, message.data.sequence) == ("evt_1", "prescription.verified", 1)
    assert message.timestamp.utcoffset().total_seconds() == 0
    verify(headers={name.upper(): value for name, value in VECTORS["headers"].items()})
    verify(VECTORS["body"])
    for age in (-300, 300):
        verify(now=NOW + age)


def test_while_a_secret_is_rolled_either_will_do():
    for secrets in (ROLL["old_secret"], ROLL["new_secret"], [ROLL["new_secret"], ROLL["old_secret"]]):
        verify(headers=ROLL["headers"], secrets=secrets)
    verify(secrets=["whsec_" + base64.b64encode(b"another").decode(), VECTORS["secret"]])


@pytest.mark.parametrize(
    "change",
    [
        {"body": BODY.replace(b"live", b"test")},
        {"body": BODY + b" "},
        {"secrets": ROLL["new_secret"]},
        {"now": NOW + 301},
        {"now": NOW - 301},
        {"headers": VECTORS["headers"] | {"webhook-id": "evt_2"}},
        {"headers": VECTORS["headers"] | {"webhook-timestamp": str(NOW + 1)}},
        {"headers": VECTORS["headers"] | {"webhook-timestamp": "soon"}},
        {"headers": VECTORS["headers"] | {"webhook-timestamp": "٣"}},
        {"headers": VECTORS["headers"] | {"webhook-signature": ""}},
        {"headers": VECTORS["headers"] | {"webhook-signature": "v1,"}},
        {"headers": VECTORS["headers"] | {"webhook-signature": "v1,ü"}},
        {
            "headers": VECTORS["headers"]
            | {"webhook-signature": VECTORS["headers"]["webhook-signature"].replace("v1", "v2")}
        },
        {"headers": {}},
    ],
)
def test_it_takes_nothing_else(change):
    with pytest.raises(WebhookVerificationError):
        verify(**change)


def test_without_a_secret_nothing_is_checked_by_mistake():
    with pytest.raises(ValueError, match="empty"):
        verify(secrets=[])
    with pytest.raises(ValueError, match="whsec_"):
        verify(secrets="not base64!")


@pytest.mark.parametrize("type_", MESSAGES)
def test_every_message_of_the_contract_is_read(type_):
    body = json.dumps(MESSAGES[type_]).encode()
    headers = webhooks.sign(body, message_id="evt_7", timestamp=NOW, secret=VECTORS["secret"])
    message = verify(body, headers)
    assert message.data.type == type_ and message.raw == MESSAGES[type_]


@given(
    body=st.text(), name=st.text("abc_", min_size=1), key=st.binary(min_size=1, max_size=64), at=st.integers(1, 2**33)
)
def test_we_sign_as_the_authors_of_the_specification_do(body, name, key, at):
    secret = "whsec_" + base64.b64encode(key).decode()
    theirs = Webhook(secret).sign(name, datetime.fromtimestamp(at, timezone.utc), body)
    assert webhooks.sign(body.encode(), message_id=name, timestamp=at, secret=secret)["webhook-signature"] == theirs


def test_they_take_what_we_sign():
    from elmed_client.webhooks import sign

    at = int(datetime.now(timezone.utc).timestamp())
    headers = sign(BODY, message_id="evt_1", timestamp=at, secret=VECTORS["secret"])
    assert Webhook(VECTORS["secret"]).verify(BODY, headers)["type"] == "prescription.verified"
