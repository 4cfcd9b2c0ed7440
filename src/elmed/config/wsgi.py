"""The WSGI application that the server loads. Whichever server it is, there is none without a secret key."""

import os

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "elmed.config.settings")
application = get_wsgi_application()
if settings.SECRET_KEY == "unset":  # noqa: S105 - the very word of settings.py
    raise ImproperlyConfigured("There is no secret key. Run `elmed setup`, or set SECRET_KEY.")
