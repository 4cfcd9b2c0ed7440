"""The links of invitations: id and serial, signed. The database keeps no secret, and a link that was replaced ends.

Made when the mail is sent (portals/templatetags/mails.py), read by members.py and patients/claim.py.
"""

from django.core import signing

MEMBER, PATIENT = "member", "patient"


def token(kind: str, invitation_id: int, serial: int) -> str:
    """The part of the link that opens the invitation."""
    return signing.dumps([invitation_id, serial], salt=f"elmed.invitation.{kind}")


def read(kind: str, text: str) -> tuple[int, int] | None:
    """Id and serial of a link's token; None where it is not ours."""
    try:
        invitation_id, serial = signing.loads(text, salt=f"elmed.invitation.{kind}")
    except (signing.BadSignature, ValueError, TypeError):
        return None
    return int(invitation_id), int(serial)
