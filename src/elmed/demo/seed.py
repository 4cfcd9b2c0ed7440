"""The demo's data, all of it, in one transaction; and `demo.json`, which tells programs about it.

Called by run.py on the first start. Keys are shown once and stored as hashes, so `demo.json` is where a second
start reads them from.
"""

import time
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from elmed.core.clock import real_now
from elmed.demo import desk, joining, keys, named, practice, shelves, staff_desk, story
from elmed.demo.people import People, email, password, settle
from elmed.medications import demonstration

LOGINS = ("doctor", "pharmacist", "technician", "owner", "patient", "staff", "unverified_doctor", "developer", "locum")


@transaction.atomic
def seed(base_url: str, now: datetime) -> dict[str, Any]:
    """Fill an empty database; returns what `demo.json` says."""
    demonstration.load(now)
    people = People()
    settle(people, now - story.MONTHS - timedelta(days=3))
    made = keys.make(people)
    made_at = real_now()
    story.tell(people, now)
    before_staff = staff_desk.write(people, now)
    told = named.Named(people, now).tell()
    shelves.stock(people, now)
    practice.tell(people)
    desk.tell(people, now)
    joining.tell(people, now)
    staff_desk.tell(people, before_staff, now)
    proof = told.pop("verify")
    time.sleep(max(0.0, 1.1 - (real_now() - made_at).total_seconds()))  # until the expired key is
    return {
        "base_url": base_url,
        "api_url": f"{base_url}/api/public/v1",
        "keys": made,
        "logins": {login: {"email": email(login), "password": password(login)} for login in LOGINS},
        "prescriptions": {name: rx.pk for name, rx in told.items()},
        "patients": {"related": told["verified"].patient_id, "unrelated": people.patients["bergstrom"].pk},
        "verify": {"reference": proof.reference, "date_of_birth": proof.patient.date_of_birth.isoformat()},
    }
