"""Outward only: what a URL says, where its name leads, and what is connected to at the end."""

import ipaddress
import socket
import ssl
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from elmed.config.environment import environment
from elmed.webhooks import address
from elmed.webhooks.address import Inward, check_url, outward
from elmed.webhooks.client import Client

SAYS = [  # what the URL itself says
    ("http://example.org/x", "https_only"), ("ftp://example.org/", "https_only"), ("//example.org/", "https_only"),
    ("file:///etc/passwd", "https_only"), ("gopher://example.org/", "https_only"), ("example.org", "https_only"),
    ("", "https_only"), ("javascript:alert(1)", "https_only"), ("http://127.0.0.2/", "https_only"),
    ("https://user:secret@example.org/", "invalid_url"), ("https://user@example.org/", "invalid_url"),
    ("https://@example.org/", "invalid_url"), ("https://example.org/#x", "invalid_url"), ("https://example.org/a;b", "invalid_url"), ("https://", "invalid_url"),
    ("https:///x", "invalid_url"), ("https://example.org:0/", "invalid_url"), ("https://example.org:99999/", "invalid_url"),
    ("https://exam ple.org/", "invalid_url"), ("https://example.org\\@127.0.0.1/", "invalid_url"),
    ("https://example.org/\r\nX: 1", "invalid_url"), ("https://[::1/", "invalid_url"),
    ("https://ex\u00e4mple.org/", "invalid_url"), ("https://example.org/" + "x" * 500, "invalid_url"),
]  # fmt: skip
LEADS = [  # where it leads, as the system reads it
    "127.0.0.1", "127.8.9.1", "localhost", "0.0.0.0", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.169.254",
    "100.64.0.1", "192.0.2.1", "198.18.0.1", "203.0.113.9", "224.0.0.1", "240.0.0.1", "255.255.255.255",
    "[::1]", "[::]", "[fe80::1]", "[fc00::1]", "[fd12::1]", "[ff02::1]", "[::ffff:127.0.0.1]", "[::ffff:8.8.8.8]",
    "[::127.0.0.1]", "[64:ff9b::7f00:1]", "[64:ff9b:1::7f00:1]", "[2002:7f00:1::]", "[2001:0:1::1]", "[2001:db8::1]",
    "[fec0::1]", "[3fff::1]", "192.88.99.1", "192.0.0.8", "168.63.129.16",
    "0x7f.1", "2130706433", "127.1", "0177.0.0.1",
]  # fmt: skip


@pytest.mark.parametrize(("url", "code"), SAYS)
def test_what_the_url_says(url, code):
    with pytest.raises(Inward) as refused:
        check_url(url)
    assert refused.value.code == code
    assert refused.value.words


@pytest.mark.parametrize("host", LEADS)
def test_where_it_leads(host):
    with pytest.raises(Inward) as refused:
        check_url(f"https://{host}/hooks")
    assert refused.value.code == "inward_address"


@pytest.mark.parametrize("text", ["8.8.8.8", "1.1.1.1", "2606:4700::1111"])
def test_the_public_internet_is_outward(text):
    check_url(f"https://{f'[{text}]' if ':' in text else text}/")


def leads_to(monkeypatch, *answers):
    """Let names lead where a test says, one answer after the other."""
    left = list(answers)

    def resolve(_host, port, *_types, **_more):
        found = left.pop(0) if len(left) > 1 else left[0]
        return [(socket.AF_INET6 if ":" in text else socket.AF_INET, 1, 6, "", (text, port)) for text in found]

    monkeypatch.setattr(address.socket, "getaddrinfo", resolve)


def test_one_inward_address_among_several_is_enough(monkeypatch):
    leads_to(monkeypatch, ["8.8.8.8", "10.0.0.1"])
    with pytest.raises(Inward):
        check_url("https://example.org/")


def test_a_name_without_an_address(monkeypatch):
    leads_to(monkeypatch, [])
    with pytest.raises(Inward) as refused:
        check_url("https://example.org/")
    assert refused.value.code == "unknown_host"


def test_a_name_that_leads_elsewhere_later_is_judged_again(monkeypatch, receiver):
    """DNS rebinding: outward when it was made, inward when it is called."""
    leads_to(monkeypatch, ["8.8.8.8"], ["127.0.0.1"])
    url = f"https://example.org:{receiver.url.split(':')[2].split('/')[0]}/"
    check_url(url)
    outcome = Client().post(url, b"{}", {})
    assert (outcome.status, outcome.error) == (None, "inward_address")
    assert receiver.got == []


def test_what_was_judged_is_what_is_connected_to(monkeypatch):
    """One look at the name, and the connection goes to that very address."""
    leads_to(monkeypatch, ["8.8.8.8"], ["127.0.0.1"])
    asked = []

    def connect(to, *_more, **_options):
        asked.append(to)
        raise OSError("not in a test")

    monkeypatch.setattr(socket, "create_connection", connect)
    assert Client().post("https://example.org/", b"{}", {}).error == "connection"
    assert asked == [("8.8.8.8", 443)]


def test_plain_http_to_this_machine_is_for_demo_and_development_alone(monkeypatch, receiver):
    check_url(receiver.url)
    for name, allowed in (("production", False), ("demo", True), ("development", True)):
        monkeypatch.setattr(
            address, "environment", lambda name=name: environment().model_copy(update={"elmed_env": name})
        )
        if allowed:
            check_url(receiver.url)
            continue
        with pytest.raises(Inward):
            check_url(receiver.url)
        assert Client().post(receiver.url, b"{}", {}).error == "https_only"


def certificate(folder, name):
    """A certificate of `name` by itself; contexts for a server that shows it and a client that trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    who = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder().subject_name(who).issuer_name(who).public_key(key.public_key()).serial_number(1)
        .not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False).sign(key, hashes.SHA256())
    )  # fmt: skip
    file = folder / f"{name}.pem"
    plain = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    file.write_bytes(plain + made.public_bytes(Encoding.PEM))
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(file)
    return server, ssl.create_default_context(cadata=made.public_bytes(Encoding.PEM).decode())


@pytest.mark.parametrize(
    ("shows", "trusted", "error"),
    [("shop.example", True, ""), ("other.example", True, "tls"), ("shop.example", False, "tls")],
)
def test_the_certificate_must_be_the_names(monkeypatch, receiver, tmp_path, shows, trusted, error):
    """The address is what was judged; the name is what TLS asks for."""
    leads_to(monkeypatch, ["127.0.0.1"])
    monkeypatch.setattr(address, "outward", lambda _address: True)
    receiver.tls, trust = certificate(tmp_path, shows)
    url = receiver.url.replace("http://127.0.0.1", "https://shop.example")
    outcome = Client(ssl_context=trust if trusted else None).post(url, b"{}", {})
    assert outcome.error == error
    assert len(receiver.got) == (0 if error else 1)


def test_outward_knows_the_embedded_ones():
    assert not outward(ipaddress.ip_address("::ffff:8.8.8.8"))
    assert outward(ipaddress.ip_address("2a00:1450::1"))
