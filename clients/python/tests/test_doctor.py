"""`doctor`: what it finds sound, what it finds wrong, and that its report holds no medical data and no key."""

import json
import re
import ssl
import threading
import time
from datetime import datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest


def test_doctor_of_a_sound_key(run, client):
    code, said, _ = run("doctor", "--json")
    report = json.loads(said)
    assert code == 0 and report["wrong"] == 0, said
    assert {one["about"] for one in report["findings"]} >= {"client", "key", "tls", "reach", "clock", "account", "expiry", "scopes", "limit", "events", "webhooks"}  # fmt: skip
    said = run("doctor")[1]
    assert "Nothing is wrong." in said
    for one in client().prescriptions.list(limit=100).first().data:
        assert one.patient.name not in said and one.reference not in said


def test_doctor_finds_what_is_wrong(run, demo, monkeypatch, client):
    code, said, _ = run("doctor", key="revoked")
    assert code == 1 and re.search(r"^wrong +account +401 invalid_key", said, re.M)
    assert demo.key("revoked") not in said
    monkeypatch.setenv("ELMED_API_KEY", "elm_short")
    assert run("doctor", key=None)[0] == 1
    monkeypatch.setenv("ELMED_API_KEY", demo.key("pharmacy"))
    monkeypatch.setenv("ELMED_URL", "http://127.0.0.1:9")
    code, said, _ = run("doctor", key=None)
    assert code == 1 and re.search(r"^wrong +reach ", said, re.M)
    monkeypatch.setenv("ELMED_URL", "http://elmed.example")
    code, said, _ = run("doctor", key=None)
    assert code == 1 and "https://" in said


def test_doctor_sees_a_clock_that_is_wrong(run, monkeypatch):
    real = time.time
    monkeypatch.setattr("elmed_client.cli.doctor.time.time", lambda: real() - 1000)
    code, said, _ = run("doctor")
    assert code == 1 and re.search(r"^wrong +clock +-\d{3,4} s", said, re.M)


def test_doctor_looks_at_webhooks(run, client):
    """A receiver that nobody runs: refused connections are in its log, and in the report."""
    hooks = client("pharmacy_webhooks").webhook_endpoints
    made = hooks.create(url="http://127.0.0.1:9/with/a-secret-path")
    try:
        delivery = hooks.test(made.id)
        for _ in range(100):
            if hooks.delivery(made.id, delivery.id).attempts:
                break
            time.sleep(0.2)
        code, said, _ = run("doctor", key="pharmacy_webhooks")
        assert code == 1 and re.search(
            rf"^wrong +webhooks +{made.id} http://127.0.0.1:9: .* \(connection\)", said, re.M
        )
        assert "a-secret-path" not in said
        hooks.change(made.id, enabled=False)
        code, said, _ = run("doctor", key="pharmacy_webhooks")
        assert code == 0 and re.search(rf"^look +webhooks +{made.id} .* is off: by_hand", said, re.M)
    finally:
        hooks.delete(made.id)


@pytest.fixture
def certified(tmp_path):
    """A TLS server on this machine with a certificate of its own, which ends in five days; and the certificate's file."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key, name = (
        ec.generate_private_key(ec.SECP256R1()),
        x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")]),
    )
    now = datetime.now(timezone.utc)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
        .not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=5, hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    file = tmp_path / "certificate.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(made.public_bytes(serialization.Encoding.PEM) + private)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    server = HTTPServer(("localhost", 0), BaseHTTPRequestHandler)
    server.handle_error = lambda *arguments: None
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"https://localhost:{server.server_port}", file
    server.shutdown()
    server.server_close()


def test_doctor_looks_at_the_certificate(run, certified, monkeypatch, demo):
    address, file = certified
    monkeypatch.setenv("ELMED_API_KEY", demo.key("pharmacy"))
    monkeypatch.setenv("ELMED_URL", address)
    code, said, _ = run("doctor", key=None)
    assert code == 1 and re.search(r"^wrong +tls +the certificate does not hold", said, re.M)
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    said = run("doctor", key=None)[1]
    assert re.search(r"^look +tls +TLSv1\.\d, the certificate ends in 5 days", said, re.M)
