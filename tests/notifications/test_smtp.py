"""A mail that really leaves: over SMTP to a server on this machine, with the settings that the docs name."""

import email
import email.policy
import ipaddress
import os
import ssl
import subprocess
import sys
from datetime import UTC, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from django.core.mail import EmailMessage
from django.db import transaction

from elmed.config.environment import Environment
from elmed.core.clock import real_now
from elmed.notifications import mail, send
from elmed.notifications.models import Mail
from tests.notifications.post_office import PostOffice


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A certificate for this machine's own name, in a file with its key."""
    key, now = ec.generate_private_key(ec.SECP256R1()), real_now()
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("tls") / "post.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(made.public_bytes(serialization.Encoding.PEM) + private)
    return file


@pytest.fixture
def office(certificate):
    """A post office that takes no mail without TLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with PostOffice(tls=context) as one:
        yield one


def read(posted):
    return email.message_from_bytes(posted.data, policy=email.policy.default)


def sends(port, **more):
    """What a process makes of the environment, and sends with it. Only what stands in the docs is set."""
    clean = {name: value for name, value in os.environ.items() if name.lower() not in Environment.model_fields}
    told = {
        "DJANGO_SETTINGS_MODULE": "elmed.config.settings", "EMAIL_HOST": "localhost", "EMAIL_PORT": str(port),
        "EMAIL_USER": "elmed", "EMAIL_PASSWORD": "a-word-for-the-post", "EMAIL_FROM": "no-reply@clinic.org",
        "SITE_NAME": "Rx Bäch", "ELMED_ENV": "development",
    }  # fmt: skip
    code = "import django; django.setup(); from elmed.cli.setup import _test_mail; _test_mail('ines@clinic.org')"
    return subprocess.run(
        [sys.executable, "-c", code], env=clean | told | more, capture_output=True, text=True, timeout=60, check=True
    )


def test_the_test_mail_of_setup_arrives_through_tls_from_whom_it_should(office, certificate, tmp_path):
    ran = sends(office.port, SSL_CERT_FILE=str(certificate), ELMED_DATA=str(tmp_path))
    assert "sent through localhost" in ran.stdout, ran
    (posted,) = office.posted
    assert (posted.sender, posted.to, posted.tls) == ("no-reply@clinic.org", ["ines@clinic.org"], True)
    assert (posted.user, posted.password) == ("elmed", "a-word-for-the-post")
    arrived = read(posted)
    assert arrived["From"].addresses[0].display_name == "Rx Bäch"
    assert arrived["From"].addresses[0].addr_spec == "no-reply@clinic.org"
    assert arrived["Subject"] == "Rx Bäch: test mail"


def test_a_server_that_nobody_vouches_for_is_given_neither_password_nor_mail(office, tmp_path):
    ran = sends(office.port, ELMED_DATA=str(tmp_path))
    assert "could not be sent" in ran.stderr
    assert "sent through" not in ran.stdout
    assert office.posted == []
    assert "AUTH" not in office.said and "MAIL" not in office.said


def test_at_port_465_tls_is_spoken_from_the_first_byte(tmp_path):
    code = "from django.conf import settings as s; print(s.EMAIL_USE_SSL, s.EMAIL_USE_TLS)"
    clean = {name: value for name, value in os.environ.items() if name.lower() not in Environment.model_fields}
    said = {}
    for port in ("465", "587"):
        env = clean | {
            "DJANGO_SETTINGS_MODULE": "elmed.config.settings",
            "EMAIL_PORT": port,
            "ELMED_DATA": str(tmp_path),
        }
        said[port] = subprocess.run(
            [sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True
        ).stdout.strip()
    assert said == {"465": "True False", "587": "False True"}


@pytest.fixture
def plain(settings):
    """A relay on this machine, and the settings that lead to it."""
    with PostOffice() as one:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_USE_TLS = "127.0.0.1", one.port, False
        settings.DEFAULT_FROM_EMAIL = "ELMED <no-reply@clinic.org>"
        yield one


def test_what_waits_leaves_with_its_headers_in_the_readers_language(db, plain):
    with transaction.atomic():
        for language, to in (("en-gb", "ann@example.org"), ("ar", "amal@example.org")):
            mail.queue(
                to=to, template="checks_paused", context={"account": "Brook & Sons"}, at=real_now(), language=language
            )
    assert send.send_due(real_now()) == 2
    assert Mail.objects.filter(sent_at=None).count() == 0
    english, arabic = (read(one) for one in plain.posted)
    assert english["Subject"] == "ELMED: prescription checks of your web shop are paused"
    assert english["Auto-Submitted"] == "auto-generated"
    assert english["Message-ID"].endswith("@clinic.org>")
    assert english["Message-ID"] != arabic["Message-ID"]
    assert abs(english["Date"].datetime.replace(tzinfo=UTC) - real_now()) < timedelta(hours=1)
    assert english.get_content_type() == "text/plain"
    assert english.get_content_charset() == "utf-8"
    assert "Brook & Sons" in english.get_body().get_content()
    assert [one.to for one in plain.posted] == [["ann@example.org"], ["amal@example.org"]]
    assert str(arabic["To"]) == "amal@example.org"
    assert arabic.get_content_charset() == "utf-8"


def test_a_line_that_is_a_dot_does_not_end_the_mail(plain):
    EmailMessage("Dots", "One\n.\n..two\nlast", None, ["ann@example.org"]).send()
    assert read(plain.posted[0]).get_body().get_content().splitlines() == ["One", ".", "..two", "last"]
