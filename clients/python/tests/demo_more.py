"""Run once beside the demo, on its data: more prescriptions that are ready to be dispensed, and limits and keys that tests need."""

import json
from pathlib import Path

import django
from django.conf import settings

django.setup()

from datetime import date, timedelta  # noqa: E402

from elmed.access import keys  # noqa: E402
from elmed.access.actors import of_command, of_person  # noqa: E402
from elmed.access.models import ApiKey  # noqa: E402
from elmed.accounts.models import Account, Person  # noqa: E402
from elmed.core.clock import real_now  # noqa: E402
from elmed.core.models import Mode  # noqa: E402
from elmed.demo import acts  # noqa: E402
from elmed.patients.actions import create  # noqa: E402
from elmed.patients.identity import Identity  # noqa: E402
from elmed.patients.models import IdentityCheck  # noqa: E402
from elmed.prescriptions.actions.verify import verify  # noqa: E402

MORE = 12
SLOW = "Waiting-room screen"  # the one key that is left to show what a used-up minute is


def actor(email):
    """Somebody of the demo's, signed in a moment ago."""
    person = Person.objects.get(email=email)
    return of_person(person, Account.objects.get(memberships__person=person), authenticated_at=real_now())


def make():
    """Written, signed and checked by the people who do so."""
    doctor, pharmacist = actor("doctor@demo.example"), actor("pharmacist@demo.example")
    for number in range(MORE):
        now = real_now() - timedelta(minutes=5 + 15 * (MORE - number))
        known = Identity("Ferro", f"Nora {number}", date(1980, 1, 1 + number), phone=f"+44 117 496 09{number:02}")
        visit = create(doctor, known, identity_check=IdentityCheck.KNOWN, now=now)
        rx = acts.prescribe(doctor, visit.patient, ["cetirizine"], pharmacy_id=pharmacist.account_id, now=now)
        verify(pharmacist, rx.pk, now=now + timedelta(minutes=1))


for key in ApiKey.objects.filter(revoked_at=None):
    keys.set_limit(of_command(), key.pk, requests_per_minute=3 if key.name == SLOW else 6000)
make()
more = {
    "to_be_leaked": ("pharmacist", ["rx:read"]),
    "developer_test": ("developer", ["rx:read", "rx:dispense"]),
    "never_refused": ("pharmacist", ["rx:read", "rx:dispense"]),
}
made = {
    name: keys.create(actor(f"{who}@demo.example"), name=name, scopes=scopes, mode=Mode.TEST)[1]
    for name, (who, scopes) in more.items()
}
(Path(settings.DATA_DIR) / "more.json").write_text(json.dumps(made))
