"""Who lives in the demo: doctors, pharmacies with their staff, patients, ELMED's staff; with their sign-ins.

Called by seed.py. Every address ends in `@demo.example`, which `elmed check` looks for in production.
"""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from allauth.account.models import EmailAddress

from elmed.access.actors import Actor, of_person
from elmed.accounts.actions import add_member, register
from elmed.accounts.models import Account, AccountKind, AccountState, Person, Role
from elmed.config.checks import DEMO_DOMAIN
from elmed.core.clock import real_now
from elmed.patients.actions import create, set_allergies
from elmed.patients.identity import Identity
from elmed.patients.models import IdentityCheck, Patient, Sex


@dataclass
class People:
    """Accounts, people and patients by name."""

    accounts: dict[str, Account] = field(default_factory=dict)
    persons: dict[str, Person] = field(default_factory=dict)
    account_of: dict[str, str] = field(default_factory=dict)
    patients: dict[str, Patient] = field(default_factory=dict)

    def actor(self, name: str) -> Actor:
        """The person of that name, signed in a moment ago."""
        actor = of_person(self.persons[name], self.accounts[self.account_of[name]], authenticated_at=real_now())
        if actor is None:
            raise RuntimeError(f"{name} belongs to no account")
        return actor


@dataclass(frozen=True)
class _Member:
    login: str
    name: str
    roles: tuple[Role, ...]
    registered: str = ""  # a pharmacist's number


@dataclass(frozen=True)
class _Organisation:
    key: str
    kind: AccountKind
    name: str
    members: tuple[_Member, ...]
    licence: str = ""
    body: str = ""
    specialty: str = ""
    phone: str = ""
    address: str = ""
    city: str = "Bristol"
    state: AccountState = AccountState.VERIFIED


# fmt: off
ORGANISATIONS = (
    _Organisation("doctor", AccountKind.DOCTOR, "Dr Amara Okafor", (_Member("doctor", "Dr Amara Okafor", (Role.PRESCRIBER,)),), "7012345", "GMC", "General practice", "+44 117 496 0101", "Harbourside Surgery, 4 Canons Road"),
    _Organisation("other_doctor", AccountKind.DOCTOR, "Dr Henrik Lindqvist", (_Member("other_doctor", "Dr Henrik Lindqvist", (Role.PRESCRIBER,)),), "7098761", "GMC", "Cardiology", "+44 117 496 0102", "Clifton Heart Clinic, 19 Whiteladies Road"),
    _Organisation("unverified_doctor", AccountKind.DOCTOR, "Dr Priya Nair", (_Member("unverified_doctor", "Dr Priya Nair", (Role.PRESCRIBER,)),), "7123009", "GMC", "Dermatology", "+44 117 496 0103", "St Pauls Health Centre", state=AccountState.PENDING),
    _Organisation("pharmacy", AccountKind.PHARMACY, "Kingfisher Pharmacy", (_Member("owner", "Rosa Bellini", (Role.OWNER,)), _Member("pharmacist", "Tom Silva", (Role.PHARMACIST,), "2071184"), _Member("technician", "Jade Hartley", (Role.TECHNICIAN,))), "1098234", "GPhC", phone="+44 117 496 0110", address="27 Park Street"),
    _Organisation("other_pharmacy", AccountKind.PHARMACY, "Northgate Chemist", (_Member("other_pharmacist", "Oliver Shaw", (Role.OWNER, Role.PHARMACIST), "2065530"),), "1087651", "GPhC", phone="+44 117 496 0120", address="8 Gloucester Road"),
    _Organisation("false_doctor", AccountKind.DOCTOR, "Dr Colin Marsh", (_Member("false_doctor", "Dr Colin Marsh", (Role.PRESCRIBER,)),), "7055512", "GMC", "General practice", "+44 117 496 0104", "2 Quayside"),
    _Organisation("closed_pharmacy", AccountKind.PHARMACY, "Riverside Pharmacy", (_Member("closed_pharmacist", "Dana Whitlock", (Role.OWNER, Role.PHARMACIST), "2059921"),), "1076543", "GPhC", phone="+44 117 496 0140", address="1 Old Ferry Lane"),
    _Organisation("staff", AccountKind.STAFF, "ELMED staff", (_Member("staff", "Ines Moreau", (Role.STAFF,)), _Member("other_staff", "Paul Adler", (Role.STAFF,)))),
    _Organisation("patient", AccountKind.PATIENT, "Marta Kowalska", (_Member("patient", "Marta Kowalska", (Role.PATIENT,)),)),
    _Organisation("developer", AccountKind.DEVELOPER, "Tillwork", (_Member("developer", "Robin Tallis", (Role.DEVELOPER,)),)),
)
# Somebody who works in two places, and chooses for which one.
LOCUM, LOCUM_AT = _Member("locum", "Ada Quist", (Role.PHARMACIST,), "2077310"), ("pharmacy", "other_pharmacy")

F, M = Sex.FEMALE, Sex.MALE
# name: family, given, born, sex, phone, street, allergies (None: not recorded, empty: none known)
PATIENTS: dict[str, tuple[str, str, date, Sex, str, str, tuple[tuple[str, str], ...] | None]] = {
    "kowalska": ("Kowalska", "Marta", date(1961, 2, 3), F, "+44 7700 900101", "12 Elm Row", (("penicillin", "rash"),)),
    "adeyemi": ("Adeyemi", "Samuel", date(1974, 9, 17), M, "+44 7700 900102", "3 Quay Street", ()),
    "whitfield": ("Whitfield", "Joan", date(1943, 5, 28), F, "+44 7700 900103", "41 Redland Grove", (("ibuprofen", "stomach bleeding"), ("latex", "hives"))),
    "rahman": ("Rahman", "Yusuf", date(1988, 12, 1), M, "+44 7700 900104", "Flat 6, 90 Stapleton Road", ()),
    "obrien": ("O'Brien", "Niamh", date(1996, 7, 22), F, "+44 7700 900105", "15 Picton Lane", None),
    "castellano": ("Castellano", "Luca", date(1957, 3, 9), M, "+44 7700 900106", "2 Cotham Vale", (("aspirin", "wheeze"),)),
    "nguyen": ("Nguyen", "Linh", date(2001, 10, 30), F, "+44 7700 900107", "77 Gloucester Road", ()),
    "hughes": ("Hughes", "Gareth", date(1969, 1, 14), M, "+44 7700 900108", "9 Totterdown Terrace", None),
    "petrov": ("Petrova", "Irina", date(1982, 4, 6), F, "+44 7700 900109", "23 Hotwell Road", (("sulfonamides", "rash"),)),
    "campbell": ("Campbell", "Ewan", date(1950, 11, 19), M, "+44 7700 900110", "5 Ashley Hill", ()),
    "fernandes": ("Fernandes", "Beatriz", date(1991, 6, 11), F, "+44 7700 900111", "30 Bath Buildings", ()),
    "osei": ("Osei", "Kwame", date(1979, 8, 25), M, "+44 7700 900112", "64 Wells Road", (("peanut", "anaphylaxis"),)),
    "bergstrom": ("Bergström", "Elin", date(1964, 2, 20), F, "+44 7700 900113", "11 Pembroke Road", ()),
    "mistry": ("Mistry", "Anil", date(1948, 10, 2), M, "+44 7700 900114", "18 Alma Vale", ()),
}
# Whom only the other doctor and the other pharmacy know.
OTHERS = ("bergstrom", "mistry")
# fmt: on


def email(login: str) -> str:
    """The address of a demo sign-in."""
    return f"{login.replace('_', '-')}@{DEMO_DOMAIN}"


def password(login: str) -> str:
    """Its password: the same in every demo, which listens on loopback only."""
    return f"elmed-demo-{login.replace('_', '-')}"


def health_number(index: int) -> str:
    """A number of ten digits from the range kept for tests (999…), with the check digit of an NHS number."""
    digits = f"999{index * 37 % 1000000:06d}"
    check = 11 - sum(int(digit) * weight for digit, weight in zip(digits, range(10, 1, -1), strict=True)) % 11
    return digits + str(check % 11) if check != 10 else health_number(index + 100)


def sign_in(login: str, name: str) -> Person:
    """A person with a confirmed address and the demo's password."""
    person = Person.objects.create_user(email=email(login), password=password(login), name=name)
    EmailAddress.objects.create(user=person, email=person.email, verified=True, primary=True)
    return person


def settle(people: People, start: datetime) -> None:
    """Register every account, and let the doctors meet every patient for the first time."""
    for one in ORGANISATIONS:
        persons = [(sign_in(member.login, member.name), member) for member in one.members]
        first, _ = persons[0]
        account = register(
            kind=one.kind, name=one.name, person=first, roles=(), now=start, state=one.state,
            licence_number=one.licence, licence_body=one.body, specialty=one.specialty, phone=one.phone,
            licence_expires_on=(real_now() + timedelta(days=700)).date() if one.licence else None,
            address=one.address, city=one.city if one.address else "",
        )  # fmt: skip
        for person, member in persons:
            for role in member.roles:
                number = member.registered if role is Role.PHARMACIST else ""
                add_member(account, person, role, registration_number=number)
            people.persons[member.login], people.account_of[member.login] = person, one.key
        people.accounts[one.key] = account
    locum = people.persons[LOCUM.login] = sign_in(LOCUM.login, LOCUM.name)
    people.account_of[LOCUM.login] = LOCUM_AT[0]
    for key in LOCUM_AT:
        add_member(people.accounts[key], locum, Role.PHARMACIST, registration_number=LOCUM.registered)
    for index, (key, row) in enumerate(PATIENTS.items(), start=1):
        doctor = people.actor("other_doctor" if key in OTHERS else "doctor")
        people.patients[key] = _meet(doctor, key, row, health_number(index), start + timedelta(hours=index))
    mine = people.patients["kowalska"]
    mine.account = people.accounts["patient"]
    mine.save(update_fields=["account"])


def _meet(
    doctor: Actor,
    key: str,
    row: tuple[str, str, date, Sex, str, str, tuple[tuple[str, str], ...] | None],
    number: str,
    now: datetime,
) -> Patient:
    family, given, born, sex, phone, street, allergies = row
    new = Identity(
        family_name=family, given_name=given, date_of_birth=born, sex=sex, health_number=number, phone=phone,
        email=f"{key}.patient@{DEMO_DOMAIN}", address=f"{street}, Bristol",
    )  # fmt: skip
    met = create(
        doctor, new, identity_check=IdentityCheck.PHOTO_ID, summary="First visit; history taken.", now=now
    ).patient
    if allergies is None:
        return met
    return set_allergies(doctor, met.pk, none_known=not allergies, substances=list(allergies), now=now)
