"""`elmed` as a process: start, refusals, and a clean end. With an embedded database of its own."""

import os
import signal
import socket
import subprocess
import sys
import time

import pytest

from elmed.cli.serve import answers
from elmed.config.environment import Environment

pytestmark = pytest.mark.skipif(bool(os.environ.get("DATABASE_URL")), reason="each has its own embedded database")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def process(tmp_path):
    """Start `elmed` with these settings and none of the caller's; whatever still runs is ended."""
    running = []

    def start(*arguments, **env):
        clean = {key: value for key, value in os.environ.items() if key.lower() not in Environment.model_fields}
        own = {"ELMED_DATA": str(tmp_path), "ELMED_ENV": "development", "PYTHONUNBUFFERED": "1"} | env
        child = subprocess.Popen(
            [sys.executable, "-m", "elmed.cli", *arguments],
            env=clean | own, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        running.append(child)
        return child

    yield start
    for child in running:
        if child.poll() is None:
            child.kill()
        child.communicate()


def finish(child):
    out, err = child.communicate(timeout=60)
    assert "Traceback" not in err
    return child.returncode, out, err


def test_migrate_makes_the_tables_and_check_sees_it(process):
    assert finish(process("migrate", "--check"))[0] == 1
    assert finish(process("migrate"))[0] == 0
    code, out, _ = finish(process("migrate", "--check"))
    assert (code, "Nothing to do" in out) == (0, True)


def test_serve_answers_and_ends_on_sigterm(process):
    port = free_port()
    assert finish(process("migrate"))[0] == 0
    child = process("serve", "--port", str(port))
    assert "is ready" in child.stdout.readline()
    assert answers("127.0.0.1", port)
    child.send_signal(signal.SIGTERM)
    code, _, _ = finish(child)
    assert code == 0
    assert not answers("127.0.0.1", port)


def test_serve_refuses_unsafe_production(process):
    port = free_port()
    code, _, err = finish(process("serve", ELMED_ENV="production", PORT=str(port)))
    assert code == 1
    for check in ("secret key", "sealing key", "database", "mail server", "support address"):
        assert f"elmed: {check}: " in err
    assert not answers("127.0.0.1", port)


def test_serve_refuses_a_port_in_use(process):
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        code, _, err = finish(process("serve", "--port", str(holder.getsockname()[1])))
    assert code == 1
    assert "Choose another with PORT=" in err


def test_development_listens_on_loopback_only(process):
    code, _, err = finish(process("serve", LISTEN_ADDRESS="0.0.0.0"))
    assert code == 1
    assert "loopback only" in err


def test_worker_ends_on_sigint(process):
    assert finish(process("migrate"))[0] == 0
    child = process("worker")
    assert "Worker running" in child.stdout.readline()
    time.sleep(0.2)
    child.send_signal(signal.SIGINT)
    code, out, _ = finish(child)
    assert (code, out) == (0, "Worker stopped.\n")


@pytest.mark.parametrize(
    ("arguments", "env", "words"),
    [
        (("worker",), {}, "elmed migrate"),
        (("check",), {"PORT": "x"}, "PORT"),
        (("check",), {"DATABASE_URL": "postgres://nobody@127.0.0.1:1/none"}, "does not answer"),
        (("accounts", "list"), {"ELMED_ENV": "staging"}, "ELMED_ENV"),
    ],
)
def test_expected_errors_are_one_line(process, arguments, env, words):
    code, out, err = finish(process(*arguments, **env))
    assert code == 1
    assert out == ""
    assert words in err
    assert len(err.strip().splitlines()) == 1
