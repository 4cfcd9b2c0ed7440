"""What the client's tests get: a real ELMED with the demo's people, and clients of it."""

import io
import os

import pytest

from demo_server import Demo, shared
from elmed_client import AsyncClient, Client
from elmed_client.cli import main as command
from played_server import Script


@pytest.fixture(autouse=True)
def nothing_from_outside(monkeypatch, tmp_path):
    """No key and no settings of whoever runs the tests."""
    for name in ("ELMED_API_KEY", "ELMED_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


@pytest.fixture(scope="session")
def demo(tmp_path_factory) -> Demo:
    """The server."""
    base = tmp_path_factory.getbasetemp()
    base = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    with shared(base / "demo") as found:
        yield found


@pytest.fixture
def client(demo):
    """`client("shop")` is a client with that key of the demo's."""
    opened = []

    def make(name="pharmacy", **more) -> Client:
        opened.append(Client(demo.key(name), url=demo.url, **more))
        return opened[-1]

    yield make
    for one in opened:
        one.close()


@pytest.fixture
def async_client(demo):
    """The same, for asyncio: use it in `async with`."""

    def make(name="pharmacy", **more) -> AsyncClient:
        return AsyncClient(demo.key(name), url=demo.url, **more)

    return make


@pytest.fixture
def verified(demo, client):
    """A prescription that nobody has touched and that can be dispensed now; each time another one."""

    def take():
        named = {*demo.told["prescriptions"].values(), demo.told["verify"]["reference"]}
        for one in client("pharmacy").prescriptions.list(status="verified", limit=100):
            if not named & {one.id, one.reference} and "dispense" in one.allowed_actions and demo.claim(one.id):
                return client("pharmacy").prescriptions.get(one.id)
        raise AssertionError("The demo has no more of them.")

    return take


@pytest.fixture
def script(monkeypatch):
    """`script(answer, …)` is a server of played_server.py; nothing is slept meanwhile."""
    return lambda *answers: Script(monkeypatch, *answers)


@pytest.fixture
def run(capsys, monkeypatch, demo):
    """`run("whoami", key="shop")` is (exit code, what it printed, what it complained of)."""

    def go(*arguments, key="pharmacy", typed=None):
        if key is not None:
            monkeypatch.setenv("ELMED_API_KEY", demo.key(key))
            monkeypatch.setenv("ELMED_URL", demo.url)
        terminal = io.StringIO(typed or "")
        terminal.isatty = lambda: typed is not None
        monkeypatch.setattr("sys.stdin", terminal)
        capsys.readouterr()
        code = command.main([str(one) for one in arguments])
        said = capsys.readouterr()
        return code, said.out, said.err

    return go
