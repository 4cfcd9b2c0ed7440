"""Mails: written with their fact, sent once, tried again, never lost, forgotten after 90 days; no medicine in them."""

import threading
from datetime import timedelta
from pathlib import Path
from smtplib import SMTPServerDisconnected

import pytest
from django.conf import settings
from django.core.mail import EmailMessage
from django.db import connection, transaction
from django.template import TemplateDoesNotExist
from django.utils.timezone import localtime

from elmed.core.clock import real_now
from elmed.notifications import files, mail, send
from elmed.notifications.models import Mail

MAILS = Path(settings.BASE_DIR) / "portals" / "templates" / "mails"


def queue(**words):
    words = {
        "to": "ann@example.org",
        "template": "checks_paused",
        "context": {"account": "Brook & Sons"},
        "at": real_now(),
    } | words
    with transaction.atomic():
        return mail.queue(**words)


@pytest.fixture
def broken(monkeypatch):
    """A mail server that is away until `broken["ok"]` is set."""
    state = {"ok": False, "tries": 0}
    real = EmailMessage.send

    def sending(self, *args, **kwargs):
        state["tries"] += 1
        if not state["ok"]:
            raise SMTPServerDisconnected("gone: ann@example.org")
        return real(self, *args, **kwargs)

    monkeypatch.setattr(EmailMessage, "send", sending)
    return state


def test_a_mail_is_written_with_its_fact_or_not_at_all(db, mailoutbox):
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        mail.queue(to="a@example.org", template="checks_paused", at=real_now())
        1 / 0  # noqa: B018
    assert Mail.objects.count() == 0
    assert queue()
    assert mailoutbox == []
    assert send.send_due(real_now()) == 1
    assert mailoutbox[0].to == ["ann@example.org"]
    assert mailoutbox[0].subject == "ELMED: prescription checks of your web shop are paused"
    assert "Brook & Sons" in mailoutbox[0].body
    assert "http://localhost:8000/settings/api-keys" in mailoutbox[0].body
    assert send.send_due(real_now() + timedelta(days=5)) == 0
    row = Mail.objects.get()
    assert (row.sent_at is not None, row.attempts, row.context) == (True, 1, {"id": None})


@pytest.mark.django_db(transaction=True)
def test_outside_a_transaction_it_is_refused():
    with pytest.raises(RuntimeError):
        mail.queue(to="a@example.org", template="checks_paused", at=real_now())
    assert Mail.objects.count() == 0


@pytest.mark.parametrize(("words", "error"), [
    ({"to": " "}, ValueError),
    ({"context": {"lines": ["x"]}}, ValueError),
    ({"template": "nowhere"}, TemplateDoesNotExist),
])  # fmt: skip
def test_what_cannot_be_queued(db, words, error):
    with pytest.raises(error):
        queue(**words)
    assert Mail.objects.count() == 0


def test_what_is_told_once_is_told_once(db):
    assert queue(dedupe_key="licence:1:30")
    assert not queue(dedupe_key="licence:1:30")
    assert queue(dedupe_key="licence:1:7")
    assert Mail.objects.count() == 2


def test_to_each_its_own_in_two_statements(db, django_assert_max_num_queries):
    people = [mail.Addressee(f"{n}@example.org", "ar" if n else "", f"x:{n}", {"account": str(n)}) for n in range(9)]
    with transaction.atomic(), django_assert_max_num_queries(2):
        assert mail.queue_all(people[:1], template="checks_paused", at=real_now()) == 1
    with transaction.atomic(), django_assert_max_num_queries(2):
        assert mail.queue_all(people, template="checks_paused", at=real_now()) == 8
    rows = list(Mail.objects.order_by("to").values_list("to", "language", "context"))
    assert rows[1] == ("1@example.org", "ar", {"account": "1"})
    assert len(rows) == 9


def test_it_waits_for_its_moment(db, mailoutbox):
    now = real_now()
    queue(at=now + timedelta(hours=1))
    assert send.send_due(now) == 0
    assert send.send_due(now + timedelta(hours=1)) == 1


def test_a_failed_try_is_repeated_later_and_later_and_given_up_at_last(db, broken, caplog):
    queue()
    for wait in send.WAITS:
        before = real_now()
        assert send.send_due(before + timedelta(days=30)) == 0
        row = Mail.objects.get()
        assert row.due_at - before >= wait
        assert row.given_up_at is None
    assert sum(send.WAITS, timedelta()) > timedelta(days=2)
    send.send_due(real_now() + timedelta(days=30))
    row = Mail.objects.get()
    assert (row.given_up_at is not None, row.attempts) == (True, len(send.WAITS) + 1)
    assert row.last_error == "SMTPServerDisconnected"
    assert "ann@example.org" not in caplog.text
    broken["ok"] = True
    assert send.send_due(real_now() + timedelta(days=60)) == 0


def test_it_leaves_when_the_server_is_back(db, broken, mailoutbox):
    queue()
    assert send.send_due(real_now()) == 0
    assert send.send_due(real_now()) == 0
    assert broken["tries"] == 1
    broken["ok"] = True
    assert send.send_due(real_now() + send.WAITS[0]) == 1
    assert len(mailoutbox) == 1


def test_one_that_cannot_be_made_keeps_none_from_its_turn(db, mailoutbox):
    queue()
    Mail.objects.update(template="gone")
    queue(to="ben@example.org")
    assert send.send_due(real_now()) == 1
    assert mailoutbox[0].to == ["ben@example.org"]


def test_a_worker_that_died_is_followed_by_another_after_its_lease(db):
    now = real_now()
    queue(at=now)
    assert len(send._take(now)) == 1  # and then it died
    assert send.send_due(now + timedelta(minutes=9)) == 0
    assert send.send_due(now + send.LEASE) == 1


def test_what_there_is_no_time_for_is_due_again_at_once(db, monkeypatch):
    monkeypatch.setattr(send, "BUDGET", -1.0)
    queue()
    assert send.send_due(real_now()) == 0
    monkeypatch.setattr(send, "BUDGET", 20.0)
    assert send.send_due(real_now()) == 1


@pytest.mark.django_db(transaction=True)
def test_two_workers_send_each_mail_once(mailoutbox):
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has one writer at a time: there is nothing to race")
    for number in range(6):
        queue(to=f"p{number}@example.org")
    now, start = real_now() + timedelta(seconds=1), threading.Barrier(2)

    def work():
        start.wait()
        send.send_due(now)
        connection.close()

    workers = [threading.Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert sorted(message.to[0] for message in mailoutbox) == [f"p{number}@example.org" for number in range(6)]


def test_forgotten_after_90_days_but_not_what_still_waits(db):
    now = real_now()
    for at in (now - timedelta(days=91), now - timedelta(days=89)):
        queue(at=at)
    send.send_due(now)
    queue(at=now - timedelta(days=91), to="waits@example.org")
    assert send.purge(now) == 1
    assert Mail.objects.filter(to="waits@example.org").exists()


def test_every_template_begins_with_a_subject_that_nobody_else_writes():
    """What people typed could carry a line break, or a medicine."""
    found = [file for file in MAILS.glob("*.txt") if not file.name.startswith("_") and file.name != "plain.txt"]
    assert found
    for file in found:
        first = file.read_text().partition("\n")[0]
        assert "Subject: " in first, file.name
        for part in first.split("{{")[1:]:
            assert part.strip().startswith(("SITE_NAME", "count }}")), file.name  # a number is nobody's words


def test_no_template_speaks_of_medicine():
    for file in MAILS.glob("*.txt"):
        words = file.read_text().lower()
        for never in ("specialty", "diagnos", "medication", "medicine", "dose", "tablet"):
            assert never not in words, (file.name, never)


def test_the_demos_files_are_read_again(db, settings, tmp_path, client):
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    settings.EMAIL_FILE_PATH = tmp_path
    queue()
    queue(
        to="ben@example.org",
        context={"account": "<b>Ünïcode</b> & Söhne, whose name is so long that a mail would have to break the line"},
    )
    send.send_due(real_now())
    assert next(one.to for one in files.newest()) in ("ann@example.org", "ben@example.org")
    assert len(files.newest()) == 2
    assert all(abs(real_now() - one.at) < timedelta(minutes=1) for one in files.newest()), "a moment, in a time zone"
    assert client.get("/mail").status_code == 404
    settings.DEMO = True
    page = client.get("/mail").content.decode()
    assert (
        "&lt;b&gt;Ünïcode&lt;/b&gt; &amp; Söhne, whose name is so long that a mail would have to break the line" in page
    )
    assert 'href="http://localhost:8000/settings/api-keys"' in page
    assert f'<time datetime="{localtime(files.newest()[0].at).isoformat()}">' in page
    assert "/mail" in client.get("/accounts/login/").content.decode()
