"""What the demo's doctor finds on the start page."""

from datetime import timedelta

from elmed.access.actors import of_person
from elmed.accounts.models import Person
from elmed.core.clock import real_now
from elmed.prescriptions import today
from elmed.prescriptions.snapshot import intact


def test_the_doctors_day_has_one_that_ends_this_week(told, db):
    person = Person.objects.get(email="doctor@demo.example")
    actor = of_person(person, person.memberships.get().account)
    lists = {one.kind: one for one in today.waiting(actor, real_now())}
    rx = lists["expiring"].rows[0]
    assert rx.status == "issued" and intact(rx, list(rx.lines.all()))
    assert timedelta() < rx.expires_at - real_now() < timedelta(days=7)
