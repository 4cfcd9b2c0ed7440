"""`elmed demo` as a process: a first run, a second that reuses the data, and a third that starts anew."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request

import pytest

from elmed.config.environment import Environment

READY = "Ctrl-C ends it."
pytestmark = pytest.mark.skipif(bool(os.environ.get("DATABASE_URL")), reason="the demo has its own embedded database")


@pytest.fixture
def place(tmp_path):
    """A folder, and a free port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return tmp_path, probe.getsockname()[1]


def environment(place):
    clean = {key: value for key, value in os.environ.items() if key.lower() not in Environment.model_fields}
    folder, port = place
    # A real installation's settings around it must not matter.
    outside = {"DATABASE_URL": "postgres://nobody@127.0.0.1:1/production", "LISTEN_ADDRESS": "0.0.0.0"}
    return clean | outside | {"ELMED_DATA": str(folder), "PORT": str(port), "PYTHONUNBUFFERED": "1"}


def prepare(place, *more):
    return subprocess.run(
        [sys.executable, "-m", "elmed.cli", "demo", "--prepare-only", *more],
        env=environment(place), capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


def test_first_second_and_fresh_run(place):
    told_file = place[0] / "demo.json"
    assert prepare(place).returncode == 0
    first = told_file.read_text()
    assert json.loads(first)["base_url"] == f"http://localhost:{place[1]}"
    assert told_file.stat().st_mode & 0o077 == 0
    again = prepare(place)
    assert again.returncode == 0, again.stderr
    assert told_file.read_text() == first
    fresh = prepare(place, "--reset")
    assert fresh.returncode == 0, fresh.stderr
    assert json.loads(told_file.read_text())["keys"] != json.loads(first)["keys"]


def test_it_serves_on_loopback_and_ends_with_its_children(place):
    demo = subprocess.Popen(
        [sys.executable, "-m", "elmed.cli", "demo"], env=environment(place), stdout=subprocess.PIPE, text=True
    )
    try:
        lines = []
        for line in demo.stdout:
            lines.append(line.rstrip("\n"))
            if line.strip() == READY:
                break
        assert READY in lines
        told = json.loads((place[0] / "demo.json").read_text())
        asked = urllib.request.Request(f"{told['api_url']}/me", headers={"X-API-Key": told["keys"]["pharmacy"]})
        with urllib.request.urlopen(asked, timeout=10) as answer:
            assert answer.status == 200
        for line in [line.strip() for line in lines if line.strip().startswith("curl ")]:
            done = subprocess.run(
                [*("bash", "-c"), f"{line} -o /dev/null -w '%{{http_code}}'"],
                capture_output=True,
                text=True,
                check=False,
            )
            assert done.stdout == "200", line
    finally:
        demo.send_signal(signal.SIGTERM)
        rest, _ = demo.communicate(timeout=30)
    assert demo.returncode == 0
    assert "The demo has ended" in rest
    time.sleep(0.2)
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", place[1])) != 0


def test_a_port_in_use_is_said_before_anything_is_made(tmp_path):
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        ran = prepare((tmp_path / "new", holder.getsockname()[1]))
    assert ran.returncode == 1
    assert "Choose another with PORT=" in ran.stderr
    assert not (tmp_path / "new").exists()


def test_reset_spares_what_is_no_demo(place):
    assert prepare(place).returncode == 0
    (place[0] / "demo.json").unlink()
    before = (place[0] / "elmed.sqlite3").stat().st_size
    ran = prepare(place, "--reset")
    assert ran.returncode == 1
    assert "not a demo's" in ran.stderr
    assert (place[0] / "elmed.sqlite3").stat().st_size == before
    lost = prepare(place)
    assert lost.returncode == 1
    assert "RESET=1" in lost.stderr
