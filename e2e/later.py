"""What no journey can wait for: an evening, and a pause. A program of its own, with the demo's own settings (server.py starts it).

python -m e2e.later evening
python -m e2e.later pause doctor@demo.example 70
"""
# ruff: noqa: PLC0415 - what is imported below needs Django's settings, and those the demo's environment

import os
import sys
import time
from datetime import datetime, timedelta

import django

from elmed.demo import environment


def evening() -> None:
    """As if the next evening had come: doctors are told what was signed in their name. The worker sends the mails now."""
    from elmed.core.clock import real_now
    from elmed.notifications.models import Mail
    from elmed.prescriptions.actions import disown
    from elmed.prescriptions.jurisdiction import jurisdiction

    zone = jurisdiction().zone
    here = real_now().astimezone(zone)
    day = here.date() if here.time() < disown.EVENING else here.date() + timedelta(days=1)
    assert disown.tell_doctors(datetime.combine(day, disown.EVENING, zone) + timedelta(minutes=1)), "nobody was told"
    Mail.objects.filter(template="signed_today", sent_at=None).update(due_at=real_now())


def pause(email: str, minutes: int) -> None:
    """As if that person had left every browser alone for so long: the server's side of it."""
    from allauth.usersessions.models import UserSession
    from django.contrib.sessions.backends.db import SessionStore

    from elmed.portals.idle import SEEN

    keys = UserSession.objects.filter(user__email=email).values_list("session_key", flat=True)
    assert keys, email
    for key in keys:
        session = SessionStore(key)
        session[SEEN] = int(time.time()) - minutes * 60
        for record in session["account_authentication_methods"]:
            record["at"] -= minutes * 60
        session.save()


if __name__ == "__main__":
    environment.enter()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "elmed.config.settings")
    django.setup()
    if sys.argv[1] == "evening":
        evening()
    else:
        pause(sys.argv[2], int(sys.argv[3]))
