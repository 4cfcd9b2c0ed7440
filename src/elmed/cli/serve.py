"""`elmed serve`: portals and API over HTTP (granian, WSGI). Refuses an unsafe production configuration.

A granian worker accepts before it has imported the application; so this waits for a real answer before it says
that it is ready.
"""

import argparse
import http.client
import socket
import threading
import time
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import connection
from granian.constants import Interfaces
from granian.server import Server
from granian.server.common import AbstractServer

from elmed.cli.words import CommandFailed, say, say_error, whole
from elmed.config.checks import Severity, findings, is_loopback
from elmed.config.environment import environment

if TYPE_CHECKING:
    from elmed.cli.words import Groups

READY_WITHIN = 60.0
READY_PATH = "/api/public/v1/events"  # without a key: 401, once the application is there
EVENT_SOCKETS = 4096  # of `--only-events`, at once, those that wait included


def add(groups: "Groups") -> None:
    """The command's options."""
    parser = groups.add_parser("serve", help="serve the portals and the API")
    parser.add_argument("--port", type=whole(1, 65535), help="the port (default: PORT)")
    parser.add_argument(
        "--only-events", action="store_true", help="serve GET /api/public/v1/events alone, for thousands of long polls"
    )
    parser.add_argument("--quiet", action="store_true", help="do not say when it is ready")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Serve until SIGINT or SIGTERM."""
    env = environment()
    port = options.port or env.port
    refuse_unsafe()
    host = env.listen_address
    if env.elmed_env != "production" and not is_loopback(host):
        raise CommandFailed(f"LISTEN_ADDRESS: {env.elmed_env} listens on loopback only.")
    require_free(host, port)
    connection.ensure_connection()
    connection.close()
    if not options.quiet:
        threading.Thread(target=_announce, args=(host, port), daemon=True).start()
    server = _events(host, port) if options.only_events else _everything(host, port)
    server.serve()
    return 0


def _everything(host: str, port: int) -> AbstractServer[Any]:
    env = environment()
    return Server(
        "elmed.config.wsgi:application",
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=env.web_workers,
        blocking_threads=env.web_threads,
        # A thread that ends takes its database connection and that one's prepared statements with it.
        blocking_threads_idle_timeout=600,
        websockets=False,
        log_enabled=False,
        respawn_failed_workers=True,
        workers_kill_timeout=10,
    )


def _events(host: str, port: int) -> AbstractServer[Any]:
    """One asyncio process (api/many_waiting.py): who waits there holds a socket, no thread."""
    return Server(
        "elmed.api.many_waiting:application",
        factory=True,
        address=host,
        port=port,
        interface=Interfaces.ASGI,
        workers=1,
        backlog=EVENT_SOCKETS,
        backpressure=EVENT_SOCKETS,
        websockets=False,
        log_enabled=False,
        respawn_failed_workers=True,
        workers_kill_timeout=10,
    )


def refuse_unsafe() -> None:
    """Raise CommandFailed where a check finds an error. All are printed, so that one round mends them."""
    errors = [one for one in findings() if one.severity is Severity.ERROR]
    for one in errors:
        say_error(f"{one.check}: {one.words}")
    if errors:
        raise CommandFailed("Not started: this configuration is not safe for production (`elmed check`).")


def require_free(host: str, port: int) -> None:
    """Raise CommandFailed where somebody listens there already."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise CommandFailed(
                f"Port {port} on {host} cannot be used ({error.strerror}). Choose another with PORT=."
            ) from None


def answers(host: str, port: int) -> bool:
    """Whether the application itself answers there."""
    there = "127.0.0.1" if host in ("0.0.0.0", "") else host  # noqa: S104 - asks, does not listen
    link = http.client.HTTPConnection(there, port, timeout=5)
    try:
        link.request("GET", READY_PATH, headers={"Host": "localhost"})
        return link.getresponse().status < 500
    except OSError:
        return False
    finally:
        link.close()


def wait_until_ready(host: str, port: int, *, within: float = READY_WITHIN) -> bool:
    """Wait for the first real answer."""
    end = time.monotonic() + within
    while time.monotonic() < end:
        if answers(host, port):
            return True
        time.sleep(0.1)
    return False


def _announce(host: str, port: int) -> None:
    if wait_until_ready(host, port):
        say(f"{settings.SITE_NAME} is ready on http://{host}:{port} (public address {settings.BASE_URL}).")
    else:
        say_error(f"No answer after {READY_WITHIN:.0f} s; see the log above.")
