"""Two records of one person become one: staff choose which counts, and the other points to it.

Nothing moves: prescriptions and consultations stay with the record they were written for, as they were signed, and are
read through both (`Patient.everywhere`). The allergies are united in the record that counts; the account, where only the
other had one, goes to it. For 24 hours the merge can be taken back: both records are then what they were, and what was
written meanwhile stays where it was written, save what belongs to whose account it is.
"""

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Count, Q
from django.db.models.functions import Lower
from django.utils.translation import gettext as _

from elmed.access import policy, visibility
from elmed.access.actors import Actor
from elmed.access.permissions import Permission
from elmed.core.refusals import Invalid, NotNow, NotVisible
from elmed.events.models import Event
from elmed.events.record import record, record_access
from elmed.patients.claim import claimed_since
from elmed.patients.models import AllergyStatus, Patient
from elmed.patients.opening import LONGEST, SHORTEST

UNDO_WITHIN = timedelta(hours=24)
MOST = 50
MERGED = "patient.merged"
# What is written into a record and cannot be told apart again.
WRITES = (
    "patient.allergies_recorded",
    "patient.weight_recorded",
    "patient.contact_changed",
    "patient.corrected",
    "consultation.recorded",
)


def merge(actor: Actor, winner_id: int, loser_id: int, *, reason: str, now: datetime) -> Patient:
    """Merge the second record into the first. The reason stands in the access record, which the patient sees.

    Raises NotAllowed, NotVisible, Invalid (no reason, one record twice), NotNow (merged already, two accounts).
    """
    policy.require(actor, Permission.PATIENT_MERGE)
    reason = " ".join(reason.split())
    if not SHORTEST <= len(reason) <= LONGEST:
        words = _("Say why, in %(least)d to %(most)d characters: the patient reads it.")
        raise Invalid.field("/reason", "required", words % {"least": SHORTEST, "most": LONGEST})
    if winner_id == loser_id:
        raise Invalid.field("/winner", "same_record", _("Choose two different records."))
    with transaction.atomic():
        winner, loser = _locked(actor, winner_id, loser_id)
        if winner.merged_into_id is not None or loser.merged_into_id is not None:
            raise NotNow("invalid_state", _("One of these records was merged already."))
        if winner.account_id is not None and loser.account_id is not None:
            words = _(
                "Both records have an account of their own. Only one may: the patient has to choose and close one first."
            )
            raise NotNow("invalid_state", words)
        did: dict[str, Any] = {"patient_id": winner.pk, "merged_id": loser.pk, "status_before": winner.allergy_status}
        did["carried"] = sorted(loser.merged.values_list("pk", flat=True))
        did["allergies"] = _unite_allergies(winner, loser, now)
        did["account_id"] = loser.account_id
        visibility.visible(actor, Patient).filter(pk__in=did["carried"]).update(merged_into=winner)
        _give_account(loser, winner)
        loser.merged_into = winner
        _save(now, winner, loser)
        record_access(actor, "portal.merge", patient_ids=[winner.pk, loser.pk], reason=reason)
        record(actor, MERGED, accounts=[actor.account_id, winner.account_id], at=now, data=did)
        return winner


def undo(actor: Actor, loser_id: int, *, now: datetime) -> Patient:
    """Take a merge back. What was written since stays where it was written: `written_since` names it.

    Allergies that were recorded anew since stay with the record that counted: rather one too many than one too few.
    An account that came with the other record, or was made since by its invitation, goes with it, and so does the contact
    that it wrote. Raises NotAllowed, NotVisible, NotNow (no merge, older than 24 hours, not the newest).
    """
    policy.require(actor, Permission.PATIENT_MERGE)
    with transaction.atomic():
        loser = visibility.get(actor, Patient, loser_id)
        if loser.merged_into_id is None:
            raise NotNow("invalid_state", _("This record is not merged."))
        winner, loser = _locked(actor, loser.merged_into_id, loser_id)
        event = last_merge(actor, loser, now)
        if event is None or event.data["patient_id"] != winner.pk or winner.merged_into_id is not None:
            raise NotNow("invalid_state", _("A merge can be taken back for 24 hours, the newest one first."))
        did = event.data
        if "patient.allergies_recorded" not in written_since(actor, winner, event):
            winner.allergies.filter(pk__in=did["allergies"], from_merge=True).delete()
            winner.allergy_status = did["status_before"]
        if did["account_id"] is not None or claimed_since([loser.pk, *did["carried"]], event.created_at):
            _give_contact(actor, winner, loser, event)
            _give_account(winner, loser)
        loser.merged_into = None
        _save(now, winner, loser)
        visibility.visible(actor, Patient).filter(pk__in=did["carried"], merged_into=winner).update(merged_into=loser)
        record_access(actor, "portal.merge", patient_ids=[winner.pk, loser.pk])
        accounts = [actor.account_id, winner.account_id, loser.account_id]
        data = {"patient_id": winner.pk, "merged_id": loser.pk}
        record(actor, "patient.merge_undone", accounts=accounts, at=now, data=data)
        return loser


def written_since(actor: Actor, winner: Patient, merged: Event) -> dict[str, int]:
    """What was written into the record that counts since that merge: how many events of each type."""
    rows = Event.objects.filter(world_id=actor.world_id, type__in=WRITES, created_at__gte=merged.created_at)
    rows = rows.filter(pk__gt=merged.pk, data__patient_id=winner.pk)
    return dict(rows.order_by().values_list("type").annotate(count=Count("pk")))


def _give_contact(actor: Actor, giver: Patient, taker: Patient, merged: Event) -> None:
    """What the account wrote since of how it can be reached goes with it, and stands with nobody else's record."""
    rows = Event.objects.filter(
        world_id=actor.world_id, type="patient.contact_changed", created_at__gte=merged.created_at
    )
    names = {name for row in rows.filter(pk__gt=merged.pk, data__patient_id=giver.pk) for name in row.data["fields"]}
    for name in sorted(names):
        setattr(taker, name, getattr(giver, name))
        setattr(giver, name, "")
    for row in (giver, taker):
        row.save(update_fields=sorted(names))


def last_merge(actor: Actor, loser: Patient, now: datetime) -> Event | None:
    """The event of the merge that can still be taken back."""
    rows = Event.objects.filter(world_id=actor.world_id, type=MERGED, created_at__gt=now - UNDO_WITHIN)
    return rows.filter(data__merged_id=loser.pk).order_by("-pk").first()


def duplicates(actor: Actor) -> list[list[Patient]]:
    """Records with one family name and birth date, in groups, at most 50. Leaves an access record."""
    policy.require(actor, Permission.PATIENT_MERGE)
    alone = visibility.visible(actor, Patient).filter(merged_into=None)
    names = alone.values("date_of_birth", family=Lower("family_name")).annotate(many=Count("pk")).filter(many__gt=1)
    found: list[list[Patient]] = []
    wanted = Q(pk__in=[])
    for row in names.order_by("date_of_birth", "family")[:MOST]:
        wanted |= Q(date_of_birth=row["date_of_birth"], family_name__iexact=row["family"])
    groups: dict[tuple[Any, str], list[Patient]] = {}
    for patient in alone.filter(wanted).order_by("date_of_birth", "pk")[: MOST * 4]:
        groups.setdefault((patient.date_of_birth, patient.family_name.lower()), []).append(patient)
    found = [group for group in groups.values() if len(group) > 1]
    record_access(actor, "portal.records", patient_ids=[patient.pk for group in found for patient in group])
    return found


def recent(actor: Actor, now: datetime) -> list[Patient]:
    """Records whose merge can still be taken back, the newest merge first; with `merged_into`. Leaves an access record."""
    policy.require(actor, Permission.PATIENT_MERGE)
    rows = Event.objects.filter(world_id=actor.world_id, type=MERGED, created_at__gt=now - UNDO_WITHIN).order_by("-pk")
    numbers = list(dict.fromkeys(row.data["merged_id"] for row in rows[:MOST]))
    merged = visibility.visible(actor, Patient).filter(pk__in=numbers, merged_into__isnull=False)
    found = {row.pk: row for row in merged.select_related("merged_into")}
    record_access(actor, "portal.records", patient_ids=found)
    return [found[number] for number in numbers if number in found]


def alike(actor: Actor, patient: Patient) -> list[Patient]:
    """Other records that may be the same person: family name and birth date, or phone, e-mail, health number. At most 50."""
    policy.require(actor, Permission.PATIENT_MERGE)
    same = Q(family_name__iexact=patient.family_name, date_of_birth=patient.date_of_birth)
    if patient.phone:
        same |= Q(phone=patient.phone)
    if patient.email:
        same |= Q(email__iexact=patient.email)
    if patient.health_number:
        same |= Q(health_number__iexact=patient.health_number)
    rows = visibility.visible(actor, Patient).filter(same, merged_into=None).exclude(pk=patient.pk)
    return list(rows.order_by("pk")[:MOST])


def _locked(actor: Actor, winner_id: int, loser_id: int) -> tuple[Patient, Patient]:
    """Both, locked in id order."""
    rows = visibility.visible(actor, Patient).filter(pk__in=[winner_id, loser_id])
    found = {row.pk: row for row in rows.select_for_update(of=("self",)).order_by("pk")}
    if len(found) != 2:
        raise NotVisible("patient")
    return found[winner_id], found[loser_id]


def _unite_allergies(winner: Patient, loser: Patient, now: datetime) -> list[int]:
    """Copy what the winner lacks, marked. *None known* in one and something in the other: something."""
    known = {row.substance.casefold() for row in winner.allergies.all()}
    made = []
    for row in loser.allergies.order_by("pk"):
        if row.substance.casefold() not in known:
            known.add(row.substance.casefold())
            copy = winner.allergies.create(
                substance=row.substance, code=row.code, reaction=row.reaction, recorded_by_id=row.recorded_by_id,
                created_at=now, from_merge=True,
            )  # fmt: skip
            made.append(copy.pk)
    if known:
        winner.allergy_status = AllergyStatus.RECORDED
    elif AllergyStatus.NONE_KNOWN in (winner.allergy_status, loser.allergy_status):
        winner.allergy_status = AllergyStatus.NONE_KNOWN
    return made


def _give_account(giver: Patient, taker: Patient) -> None:
    """The account goes from one to the other, where the giver has one."""
    if giver.account_id is None:
        return
    account, giver.account = giver.account, None
    giver.save(update_fields=["account"])
    taker.account = account
    taker.save(update_fields=["account"])


def _save(now: datetime, *rows: Patient) -> None:
    for row in rows:
        row.updated_at = max(now, row.updated_at)
        row.save(update_fields=["merged_into", "allergy_status", "updated_at"])
