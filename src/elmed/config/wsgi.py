"""The WSGI application that the server loads, and which database connection a request gets: the one that was used last.

Django gives each thread a connection of its own, and the server wakes its idle threads in turn: on a quiet server every
request met another PostgreSQL backend, whose plans and catalogue the processor's caches had long forgotten. With eight
threads and one client that was a third of the database's CPU for a read. What a connection is like, settings.py says.
"""

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.wsgi import get_wsgi_application
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication


class LastUsedFirst:
    """An application whose requests take connections from one stack; as many are open as requests ever ran at once."""

    def __init__(self, application: "WSGIApplication") -> None:
        """Begin with none."""
        self.application = application
        self.idle: list[BaseDatabaseWrapper] = []  # `append` and `pop` of a list are atomic: no lock

    def __call__(self, environ: dict[str, Any], start_response: "StartResponse") -> Iterable[bytes]:
        """Answer with a connection that no other request holds meanwhile; Django looks, as ever, whether it still lives."""
        try:
            connection = self.idle.pop()
        except IndexError:
            connection = _new()
        connections[DEFAULT_DB_ALIAS] = connection
        try:
            return self.application(environ, start_response)
        finally:
            del connections[DEFAULT_DB_ALIAS]
            self.idle.append(connection)


def _new() -> BaseDatabaseWrapper:
    """A connection that threads may use, one after the other (as Django's own live test server shares one)."""
    connection = connections.create_connection(DEFAULT_DB_ALIAS)
    connection.inc_thread_sharing()
    return connection


os.environ.setdefault("DJANGO_SETTINGS_MODULE", "elmed.config.settings")
application = LastUsedFirst(get_wsgi_application())
if settings.SECRET_KEY == "unset":  # noqa: S105 - the very word of settings.py
    # Whichever server loads it: there is none without a secret key.
    raise ImproperlyConfigured("There is no secret key. Run `elmed setup`, or set SECRET_KEY.")
