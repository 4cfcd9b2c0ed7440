"""Settings → Webhooks: made with a secret that is shown once, watched, switched, rolled, sent again, removed."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse

from elmed.accounts.models import Account, AccountKind
from elmed.config.environment import environment
from elmed.core.clock import real_now
from elmed.events.catalogue import READERS
from elmed.portals.shared.webhooks import GROUPS
from elmed.webhooks import address
from elmed.webhooks.models import Delivery, Endpoint
from tests import factories as f
from tests.webhooks.conftest import receiver  # noqa: F401 - a fixture
from tests.webhooks.receiver import plainly
from tests.webhooks.test_delivery import send_all


@pytest.fixture
def owner(sign_in):
    return sign_in("owner")


@pytest.fixture
def made(owner, receiver):  # noqa: F811
    page = owner.get(reverse("webhook_new")).content.decode()
    sent = {"url": receiver.url, "description": "Till", "which": "all", "once": token(page)}
    return owner.post(reverse("webhook_new"), sent).content.decode()


def token(page):
    return re.search(r'name="once" value="([^"]+)"', page)[1]


def one():
    return Endpoint.objects.get()


def test_the_secret_is_shown_once(owner, made):
    secret = re.search(r"whsec_[A-Za-z0-9+/=]+", made)[0]
    for url in (reverse("webhooks"), reverse("webhook", args=[one().pk]), reverse("webhook_change", args=[one().pk])):
        page = owner.get(url).content.decode()
        assert secret not in page
        assert "127.0.0.1" in page


def test_sent_twice_one_is_made(owner, receiver):  # noqa: F811
    page = owner.get(reverse("webhook_new")).content.decode()
    sent = {"url": receiver.url, "which": "all", "once": token(page)}
    owner.post(reverse("webhook_new"), sent)
    assert "whsec_" not in owner.post(reverse("webhook_new"), sent, follow=True).content.decode()
    assert Endpoint.objects.count() == 1


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ({"url": "https://10.0.0.1/", "which": "all"}, "not in the public internet"),
        ({"url": "http://8.8.8.8/", "which": "all"}, "Only https://"),
        ({"url": "https://8.8.8.8/", "which": "some"}, "at least one"),
        ({"url": "", "which": "all"}, "required"),
    ],
)
def test_refused_in_words_with_what_was_typed(owner, sent, words):
    page = owner.get(reverse("webhook_new")).content.decode()
    answer = owner.post(reverse("webhook_new"), sent | {"once": token(page)})
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert sent["url"] in answer.content.decode()
    assert not Endpoint.objects.exists()


def test_the_log_says_what_came_back(cast, owner, made, receiver):  # noqa: F811
    receiver.answers = [plainly("500 Oh"), plainly("200 OK")]
    f.verified(cast)
    send_all()
    url = reverse("webhook", args=[one().pk])
    page = owner.get(url).content.decode()
    assert "prescription.verified" in page
    assert "The answer was not 2xx." in page
    delivery = Delivery.objects.get(state="waiting")
    again = owner.post(reverse("webhook_resend", args=[one().pk, delivery.pk]), follow=True).content.decode()
    assert "sent again" in again
    send_all()
    assert "Delivered" in owner.get(f"{url}?state=delivered").content.decode()


def test_off_on_and_what_was_missed(cast, owner, made, receiver):  # noqa: F811
    endpoint = one().pk
    owner.post(reverse("webhook_switch", args=[endpoint]))
    assert one().off == "by_hand"
    assert "switched off" in owner.post(reverse("webhook_test", args=[endpoint]), follow=True).content.decode()
    f.verified(cast)
    owner.post(reverse("webhook_switch", args=[endpoint]), {"on": "1"})
    assert [sent for sent in send_all() if sent] == []
    since = (real_now() - timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M")
    page = owner.post(reverse("webhook_since", args=[endpoint]), {"since": since}, follow=True).content.decode()
    assert "on their way" in page
    assert len(send_all()) >= 2


def test_rolled_changed_removed(owner, made):
    endpoint = one().pk
    assert "whsec_" in owner.post(reverse("webhook_roll", args=[endpoint])).content.decode()
    sent = {"url": one().url, "which": "some", "event_types": ["prescription.issued"], "description": "x"}
    owner.post(reverse("webhook_change", args=[endpoint]), sent)
    assert one().event_types == ["prescription.issued"]
    owner.post(reverse("webhook_remove", args=[endpoint]))
    assert not Endpoint.objects.exists()


def test_who_may(cast, sign_in, made):
    for name, status in (("pharmacist", 200), ("doctor", 200), ("technician", 403), ("patient", 403), ("staff", 403)):
        assert sign_in(name).get(reverse("webhooks")).status_code == status, name
    stranger = sign_in("other_pharmacist")
    for name in ("webhook", "webhook_change", "webhook_roll", "webhook_remove", "webhook_since"):
        assert stranger.get(reverse(name, args=[one().pk])).status_code == 404
    assert stranger.post(reverse("webhook_remove", args=[one().pk])).status_code == 404
    assert Endpoint.objects.count() == 1
    assert cast.pharmacy.kind == AccountKind.PHARMACY


def test_only_who_may_is_led_there(cast, sign_in):
    link = f'href="{reverse("webhooks")}"'
    for name, led in (("owner", True), ("pharmacist", True), ("doctor", True), ("technician", False), ("staff", False)):
        assert (link in sign_in(name).get(reverse("settings")).content.decode()) is led, name
    Account.objects.filter(pk=cast.doctor.pk).update(state="pending")
    waiting = sign_in("doctor")
    assert link not in waiting.get(reverse("settings")).content.decode()
    assert waiting.get(reverse("webhooks")).status_code == 403


def test_each_event_is_offered_once_under_its_group(owner):
    page = owner.get(reverse("webhook_new")).content.decode()
    offered = re.findall(r'name="event_types" value="([^"]+)"', page)
    assert len(offered) == len(set(offered)) > 20
    assert set(GROUPS) == set(READERS)  # each beginning that a type can have
    assert '<legend class="group">Prescriptions</legend>' in page


@pytest.mark.parametrize(("name", "said"), [("demo", True), ("development", True), ("production", False)])
def test_the_page_names_this_machine_where_it_is_called(owner, monkeypatch, name, said):
    monkeypatch.setattr(address, "environment", lambda: environment().model_copy(update={"elmed_env": name}))
    assert ("http://localhost too" in owner.get(reverse("webhook_new")).content.decode()) is said
