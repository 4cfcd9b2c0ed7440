"""People, and the accounts they act for: doctors, pharmacies, patients, developers, ELMED's staff.

A person signs in; an account acts, owns keys and has a state. One person may belong to several
accounts. What an account may do is decided in access/, its changes of state are in actions.py.
"""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from types import MappingProxyType
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models.functions import Lower

from elmed.core.models import World


class PersonManager(BaseUserManager["Person"]):
    """Makes people; e-mail addresses are compared without regard to case."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "Person":
        """Make a person who can sign in (without a password: only after a reset)."""
        person = self.model(email=email.strip().lower(), **fields)
        person.set_password(password)
        person.save(using=self._db)
        return person

    def get_by_natural_key(self, username: str | None) -> "Person":
        """Find by e-mail, in any case."""
        return self.get(email__iexact=username)


class Person(AbstractBaseUser):
    """Somebody who signs in."""

    email = models.EmailField(max_length=254)
    name = models.CharField(max_length=200)
    is_active = models.BooleanField(default=True)
    terms_accepted_at = models.DateTimeField(null=True, blank=True)
    language = models.CharField(max_length=10, blank=True, help_text="As chosen; empty: what the browser asks for.")
    created_at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar[PersonManager] = PersonManager()

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS = ["name"]

    class Meta:
        constraints = [models.UniqueConstraint(Lower("email"), name="person_email_unique")]

    def __str__(self) -> str:
        """For logs: an id, no name."""
        return f"person {self.pk}"


class AccountKind(models.TextChoices):
    """What an account is."""

    DOCTOR = "doctor"
    PHARMACY = "pharmacy"
    PATIENT = "patient"
    DEVELOPER = "developer"
    STAFF = "staff"


class AccountState(models.TextChoices):
    """Whether an account may act. `lapsed`: the licence ran out, read only."""

    PENDING = "pending"
    VERIFIED = "verified"
    REJECTED = "rejected"
    SUSPENDED = "suspended"
    LAPSED = "lapsed"


def acting_state(state: str, licence_expires_on: date | None, now: datetime) -> AccountState:
    """The state in which an account acts: a verified one whose licence is over has lapsed, also where nobody noted it yet.

    Noted it is by `licences.lapse_due` on the jurisdiction's next day; this holds a day after it, wherever the worker is,
    so that in no time zone a licence's last day is cut short.
    """
    over = licence_expires_on is not None and licence_expires_on < (now - timedelta(days=1)).date()
    found = AccountState(state)
    return AccountState.LAPSED if found is AccountState.VERIFIED and over else found


class Account(models.Model):
    """Who acts and who owns keys. A synthetic counterparty of a test world is an account of that world."""

    kind = models.CharField(max_length=9, choices=AccountKind.choices)
    state = models.CharField(max_length=9, choices=AccountState.choices, default=AccountState.PENDING)
    state_reason = models.CharField(max_length=500, blank=True)
    asked_at = models.DateTimeField(
        null=True, blank=True, help_text="Staff asked for more then, and it has not been answered yet."
    )
    name = models.CharField(max_length=200)
    licence_number = models.CharField(max_length=60, blank=True)
    licence_body = models.CharField(max_length=120, blank=True)
    licence_expires_on = models.DateField(null=True, blank=True)
    specialty = models.CharField(max_length=120, blank=True)
    phone = models.CharField(max_length=40, blank=True)
    address = models.CharField(max_length=300, blank=True)
    city = models.CharField(max_length=120, blank=True)
    world = models.ForeignKey(
        World, on_delete=models.PROTECT, related_name="accounts", help_text="Where the account itself lives."
    )
    test_world = models.OneToOneField(
        World,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="owner",
        help_text="The world its test keys act in.",
    )
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    roles_here: frozenset[str] | None = None  # of one person, where it was looked up for them (queries.accounts_of)
    noted: Mapping[str, bool] = MappingProxyType({})  # what was asked for besides (queries.accounts_of)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "licence_body",
                "licence_number",
                "world",
                # A rejected one does not stand in the way of whose licence it is.
                condition=~models.Q(licence_number="") & ~models.Q(state="rejected"),
                name="account_licence_unique",
            ),
        ]
        indexes = [models.Index(fields=["kind", "state"])]

    def __str__(self) -> str:
        """For logs: an id, no name."""
        return f"{self.kind} account {self.pk}"


class Role(models.TextChoices):
    """What a person is in an account; one may hold several roles in it."""

    PRESCRIBER = "prescriber"
    OWNER = "owner"
    PHARMACIST = "pharmacist"
    TECHNICIAN = "technician"
    PATIENT = "patient"
    DEVELOPER = "developer"
    STAFF = "staff"


class Membership(models.Model):
    """A person's role in an account."""

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="memberships")
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="memberships")
    role = models.CharField(max_length=10, choices=Role.choices)
    registration_number = models.CharField(max_length=60, blank=True, help_text="A pharmacist's own, by this pharmacy.")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "account", "role"], name="membership_once")]

    def __str__(self) -> str:
        """For logs."""
        return f"{self.role} of account {self.account_id}"


class Document(models.Model):
    """A picture or PDF of a licence. Seen by ELMED's staff and by those who manage the account, nobody else."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="documents")
    name = models.CharField(
        max_length=120, help_text="As its sender called it, without what a file name must not hold."
    )
    content_type = models.CharField(max_length=20)
    data = models.BinaryField()
    size = models.PositiveIntegerField(help_text="Bytes.")
    sent_by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        """For logs: an id, no name."""
        return f"document {self.pk}"


class Message(models.Model):
    """What ELMED's staff asked about an account, and what its people answered."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="messages")
    from_staff = models.BooleanField()
    person = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")
    text = models.TextField(max_length=2000)
    document = models.ForeignKey(Document, null=True, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        """For logs: an id, no words."""
        return f"message {self.pk}"


class Renewal(models.Model):
    """A licence's new last day, as its holder says; it counts once staff have accepted it."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="renewals")
    expires_on = models.DateField()
    document = models.ForeignKey(Document, on_delete=models.PROTECT, related_name="+")
    sent_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True)
    accepted = models.BooleanField(null=True)
    reason = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["account"], condition=models.Q(decided_at=None), name="one_open_renewal_an_account"
            ),
        ]

    def __str__(self) -> str:
        """For logs."""
        return f"renewal {self.pk}"


class Invitation(models.Model):
    """An invitation to work in a pharmacy. Its link carries id and serial, signed; sent anew, the old link ends."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="invitations")
    email = models.EmailField(max_length=254)
    roles = models.JSONField()
    serial = models.PositiveIntegerField(default=1)
    invited_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True)
    accepted_by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                "account",
                Lower("email"),
                condition=models.Q(accepted_at=None, revoked_at=None),
                name="one_open_invitation_an_address",
            ),
        ]

    def __str__(self) -> str:
        """For logs: an id, no address."""
        return f"invitation {self.pk}"


class NameCorrection(models.Model):
    """ELMED's staff corrected what an account is called: what it was called before, and why."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="name_corrections")
    before = models.CharField(max_length=200)
    reason = models.CharField(max_length=300)
    by_person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        """For logs: an id."""
        return f"name correction {self.pk}"
