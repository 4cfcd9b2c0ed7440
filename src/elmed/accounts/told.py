"""Who is told by mail what happens to an account: those who manage it, and ELMED's staff. Called by the acts."""

from collections.abc import Iterable
from datetime import date, datetime

from django.db.models import Q

from elmed.accounts.models import Account, AccountState, Membership, Person, Role
from elmed.notifications import mail
from elmed.notifications.mail import Word

# Technicians and pharmacists of a pharmacy do not manage it.
MANAGING = (Role.PRESCRIBER, Role.OWNER, Role.PATIENT, Role.DEVELOPER)


def managers(account: Account, also: Iterable[int | None] = ()) -> list[Person]:
    """Those who manage the account and can sign in, each once; `also`: these people, where they belong to it."""
    found = Membership.objects.filter(account=account, person__is_active=True).filter(
        Q(role__in=MANAGING) | Q(person__in=[one for one in also if one])
    )
    return list({one.person_id: one.person for one in found.select_related("person").order_by("pk")}.values())


def tell(
    account: Account,
    template: str,
    *,
    at: datetime,
    once: str | None = None,
    also: Iterable[int | None] = (),
    **words: Word,
) -> int:
    """Mail to those who manage the account, and to these of its people besides. Returns how many were written.

    `once`: a key under which it is told only once.
    """
    written = 0
    for person in managers(account, also):
        written += mail.queue(
            to=person.email, template=template, language=person.language, at=at,
            context={"id": account.pk, "name": person.name, "account": account.name, **words},
            dedupe_key=f"{once}:{person.pk}" if once else None,
        )  # fmt: skip
    return written


def tell_staff(template: str, *, at: datetime, once: str, **words: Word) -> None:
    """Mail to each of ELMED's staff, once under that key."""
    rows = Membership.objects.filter(
        role=Role.STAFF, person__is_active=True, account__state=AccountState.VERIFIED
    ).select_related("person")
    people = {row.person_id: row.person for row in rows}.values()
    addressees = [
        mail.Addressee(one.email, one.language, f"{once}:{one.pk}", {"name": one.name, **words}) for one in people
    ]
    mail.queue_all(addressees, template=template, at=at)


def tell_waiting(at: datetime) -> None:
    """Something waits in the verification queue: staff hear of it at most once a day."""
    tell_staff("staff_queue", at=at, once=f"staff-queue:{at:%Y-%m-%d}")


def day_words(day: date) -> str:
    """03-Feb-2027: the same in every language, as expiry dates are."""
    months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    return f"{day.day:02}-{months[day.month - 1]}-{day.year}"
