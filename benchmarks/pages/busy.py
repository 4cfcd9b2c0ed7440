"""Whom the pages are measured for: somebody who has much more than the average of benchmarks/data.

A pharmacy and a doctor with a twentieth of all prescriptions each (50,000 in two years, 70 a day), and two patients with
200; people who sign in for them, what happened to each of these prescriptions, and a million access records.
"""

import psycopg

from benchmarks.data.size import Size

SHARE = 20  # one in so many belongs to the busy pharmacy, and one to the busy doctor
OFTEN = 5000  # one in so many to each of the two patients
DOCTOR, AT_DOCTOR, AT_PHARMACY = 1, 1, 2  # the doctor's account and person; the patients
PHARMACIST, PATIENT, STAFF = 900_001, 900_002, 900_003  # people; the last two are the numbers of their accounts too
HAPPENED = ("prescription.issued", "prescription.routed", "prescription.verified", "prescription.dispensed")


def arrange(connection: psycopg.Connection, size: Size) -> None:
    """Give them their rows, once; a database that has them is left as it is."""
    done = connection.execute("SELECT 1 FROM accounts_person WHERE id = %s", [PHARMACIST]).fetchone()
    if done:
        return
    pharmacy = size.pharmacy(0)
    connection.execute("SET session_replication_role = replica")
    for statement in _statements(pharmacy):
        connection.execute(statement)
    connection.commit()
    connection.autocommit = True
    for table in ("prescriptions_prescription", "prescriptions_dispense", "events_event", "events_accessrecord",
                  "events_accessrecordpatient", "accounts_person", "accounts_account", "patients_patient"):  # fmt: skip
        connection.execute(f"VACUUM ANALYZE {table}")


def _statements(pharmacy: int) -> list[str]:
    mine = f"id % {SHARE} = 0 AND pharmacy_id IS NOT NULL"
    happened = ", ".join(f"({number}, '{name}')" for number, name in enumerate(HAPPENED))
    return [
        f"UPDATE prescriptions_prescription SET pharmacy_id = {pharmacy}, "
        f"patient_id = CASE WHEN id % {OFTEN} = 0 THEN {AT_PHARMACY} ELSE patient_id END WHERE {mine}",
        f"UPDATE prescriptions_prescription SET prescriber_id = {DOCTOR}, prescriber_person_id = {DOCTOR}, "
        f"patient_id = CASE WHEN id % {OFTEN} = 1 THEN {AT_DOCTOR} ELSE patient_id END WHERE id % {SHARE} = 1",
        f"UPDATE prescriptions_dispense SET pharmacy_id = {pharmacy} WHERE prescription_id % {SHARE} = 0",
        *(_person(*who) for who in (
            (PHARMACIST, "Pia Hill", pharmacy, "pharmacist"), (PATIENT, "Ada Brook", PATIENT, "patient"),
            (STAFF, "Ines Moreau", STAFF, "staff"),
        )),
        _account(PATIENT, "patient", "Ada Brook"), _account(STAFF, "staff", "ELMED staff"),
        f"UPDATE patients_patient SET account_id = {PATIENT} WHERE id = {AT_DOCTOR}",
        "INSERT INTO events_event (type, world_id, prescription_id, version, data, actor_person_id, actor_account_id, source, "
        "request_id, created_at, recorded_at) SELECT what.name, 1, rx.id, what.number + 1, '{}', rx.prescriber_person_id, "
        "rx.prescriber_id, 'portal', '', rx.created_at, rx.created_at FROM prescriptions_prescription rx, "
        f"(VALUES {happened}) AS what (number, name) WHERE rx.id % {SHARE} < 2 ORDER BY rx.id, what.number",
        "INSERT INTO events_accessrecord (id, world_id, actor_person_id, actor_account_id, source, action, reason, request_id, "
        "created_at) SELECT n, 1, 1 + n % 5000, 1 + n % 5000, 'portal', 'portal.prescription', '', '', "
        "now() - (1000000 - n) * interval '1 minute' FROM generate_series(1, 1000000) AS n",
        "INSERT INTO events_accessrecordpatient (record_id, patient_id) SELECT n, CASE WHEN n % 500 = 0 "
        f"THEN {AT_DOCTOR} ELSE 1 + n::bigint * 7919 % 200000 END FROM generate_series(1, 1000000) AS n",
        "SELECT setval(pg_get_serial_sequence('events_accessrecord', 'id'), 1000001)",
    ]  # fmt: skip


def _person(number: int, name: str, account: int, role: str) -> str:
    return (
        "WITH who AS (INSERT INTO accounts_person (id, password, email, name, is_active, created_at, language) VALUES "
        f"({number}, '!', 'p{number}@bench.test', '{name}', true, now(), '') RETURNING id) INSERT INTO accounts_membership "
        f"(id, person_id, account_id, role, created_at, registration_number) SELECT id, id, {account}, '{role}', now(), '' FROM who"
    )


def _account(number: int, kind: str, name: str) -> str:
    return (
        "INSERT INTO accounts_account (id, kind, state, state_reason, name, licence_number, licence_body, specialty, phone, "
        f"address, city, world_id, created_at, updated_at) VALUES ({number}, '{kind}', 'verified', '', '{name}', '', '', '', "
        "'', '', '', 1, now(), now())"
    )
