"""What waits in the demo: a registration with a question, one that is new, a renewal, an invitation, a licence that ends soon.

Called by people.py, at the present moment: links and warnings are of these days. The mails leave with the first worker.
"""

import io
from datetime import datetime, timedelta

from allauth.account.models import EmailAddress
from PIL import Image, ImageDraw

from elmed.accounts import documents, joining, licences, members, review
from elmed.accounts.models import Account, AccountKind
from elmed.demo.people import People, email
from elmed.patients import claim

LICENCE = "{name}\nLicence {number}\nissued by {body}\n\nInvented for the demo"


def tell(people: People, now: datetime) -> None:
    """Each by its real act."""
    unverified, staff = people.actor("unverified_doctor"), people.actor("staff")
    waiting = people.accounts["unverified_doctor"]
    documents.keep(waiting, _licence(waiting.name, "7123009", "GMC"), person_id=unverified.person_id, now=now)
    review.ask(
        staff, waiting.pk, now=now,
        text="Thank you. The picture shows the front only: please send the back of the licence too.",
    )  # fmt: skip
    _registers(now)
    members.invite(people.actor("owner"), email=email("new_technician"), roles=["technician"], now=now)
    claim.invite(people.actor("doctor"), people.patients["adeyemi"].pk, email=email("adeyemi.patient"), now=now)
    other = people.accounts["other_pharmacy"]
    licences.renew(
        people.actor("other_pharmacist"), expires_on=(now + timedelta(days=1500)).date(),
        document=_licence(other.name, other.licence_number, other.licence_body), today=now.date(), now=now,
    )  # fmt: skip
    Account.objects.filter(pk=people.accounts["other_doctor"].pk).update(
        licence_expires_on=(now + timedelta(days=21)).date()
    )


def _registers(now: datetime) -> None:
    """A pharmacy that registered itself just now."""
    who = joining.Newcomer("Femi Adeola", email("new_pharmacy"), "three-herons-by-the-weir")
    new = joining.NewAccount(
        kind=AccountKind.PHARMACY, name="Old Mill Pharmacy", licence_number="1102938", licence_body="GPhC",
        licence_expires_on=(now + timedelta(days=800)).date(), phone="+44 117 496 0130", address="3 Mill Lane",
        city="Bath", also_pharmacist="2087341", document=_licence("Old Mill Pharmacy", "1102938", "GPhC"),
    )  # fmt: skip
    account = joining.join(who, new, now=now)
    if account is None:
        raise RuntimeError("the demo registers on an empty database")
    address = EmailAddress.objects.get(email=email("new_pharmacy"))
    address.set_verified()
    joining.confirmed(address.user, now)


def _licence(name: str, number: str, body: str) -> documents.Judged:
    """A picture that says what it is."""
    paper, out = Image.new("RGB", (900, 560), "#f4f0e6"), io.BytesIO()
    pen = ImageDraw.Draw(paper)
    pen.rectangle((20, 20, 880, 540), outline="#0b5563", width=4)
    pen.multiline_text((80, 120), LICENCE.format(name=name, number=number, body=body), fill="#10222a", font_size=40)
    paper.save(out, "PNG")
    return documents.judge(io.BytesIO(out.getvalue()), "licence.png")
