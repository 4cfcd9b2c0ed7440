"""The receiver's code in the documentation takes what ELMED signs, and nothing else."""

import json
import re
import subprocess
from pathlib import Path

import pytest

from tests.programs import need

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/how-to/events-and-webhooks.md").read_text()
VECTORS = json.loads((ROOT / "contract/webhook-signatures.json").read_text())
NOW = int(VECTORS["headers"]["webhook-timestamp"])


def code(language):
    return re.search(rf"```{language}\n(.*?)```", PAGE, re.S)[1]


def python(headers, body, secret, now):
    names = {}
    exec(code("python"), names)
    return names["is_from_elmed"](headers, body.encode(), secret, now)


def php(headers, body, secret, now):
    need("php")
    said = json.dumps([headers, body, secret, now])
    run = f"{code('php')}\n[$h, $b, $s, $n] = json_decode(stream_get_contents(STDIN), true);\necho json_encode(is_from_elmed($h, $b, $s, $n));"
    done = subprocess.run(["php", "-n", "--run", run], input=said, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


@pytest.mark.parametrize("check", [python, php])
def test_it_takes_what_is_signed(check):
    roll = VECTORS["after_a_roll"]
    assert check(VECTORS["headers"], VECTORS["body"], VECTORS["secret"], NOW)
    for secret in (roll["old_secret"], roll["new_secret"]):
        assert check(roll["headers"], VECTORS["body"], secret, NOW + 299)


@pytest.mark.parametrize("check", [python, php])
def test_it_takes_nothing_else(check):
    headers, body, secret = VECTORS["headers"], VECTORS["body"], VECTORS["secret"]
    assert not check(headers, body.replace("live", "test"), secret, NOW)
    assert not check(headers, body, VECTORS["after_a_roll"]["new_secret"], NOW)
    assert not check(headers, body, secret, NOW + 301)
    assert not check(headers | {"webhook-id": "evt_2"}, body, secret, NOW)
    assert not check(headers | {"webhook-timestamp": str(NOW + 1)}, body, secret, NOW)
