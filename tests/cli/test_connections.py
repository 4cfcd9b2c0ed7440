"""The server's requests share database connections: the one used last first, and never two requests one connection."""

import threading

import pytest
from django.db import connections

from elmed.config.wsgi import LastUsedFirst

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def lent():
    """An application that tells which connection it was lent, and for how long it is to hold it."""
    seen: list[object] = []

    def answer(environ, _start_response):
        with connections["default"].cursor() as cursor:
            cursor.execute("SELECT 1")
        seen.append(connections["default"])
        if "hold" in environ:
            environ["hold"].wait(timeout=10)
        if "fault" in environ:
            raise RuntimeError("A fault")
        return []

    application = LastUsedFirst(answer)
    yield application, seen
    for connection in application.idle:
        connection.close()


def in_threads(application, *environs):
    """Each request in a thread of its own, all at once; what is left to the threads afterwards."""
    left = []

    def run(environ):
        try:
            application(environ, None)
        except RuntimeError:
            pass
        finally:
            left.extend(connections.all(initialized_only=True))

    threads = [threading.Thread(target=run, args=(environ,)) for environ in environs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=20)
    return left


def test_one_after_the_other_in_any_thread_share_one(lent):
    application, seen = lent
    for environ in ({}, {"fault": True}, {}):
        assert in_threads(application, environ) == []
    assert len(seen) == 3 and len(set(map(id, seen))) == 1
    assert application.idle == [seen[0]]


def test_at_once_each_has_its_own_and_the_last_is_lent_next(lent):
    application, seen = lent
    both = threading.Barrier(2)
    in_threads(application, {"hold": both}, {"hold": both})
    assert seen[0] is not seen[1] and set(map(id, application.idle)) == set(map(id, seen))
    last = application.idle[-1]
    in_threads(application, {})
    assert seen[2] is last and len(application.idle) == 2


def test_the_thread_has_its_own_again_afterwards(lent):
    application, seen = lent
    own = connections["default"]
    del connections["default"]
    try:
        application({}, None)
        assert connections.all(initialized_only=True) == []
    finally:
        connections["default"] = own
    assert seen[0] is not own
