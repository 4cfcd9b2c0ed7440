"""Writes what can be derived from the code: the reference pages and the API's contract. `--check` only compares.

Run by developers after a change of a table (`python tools/generate.py`) and by `make check`. What a page
looks like is in reference_pages.py; this file only knows which file comes from what.
"""

import argparse
import difflib
import importlib
import importlib.util
import json
import os
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PUBLISHED_AT = "https://elmed.healthcare"  # the address in the contract: never that of the machine it is made on


def prepare() -> None:
    """Start Django with nothing of this machine's environment, so that everybody makes the same files."""
    sys.path[:0] = [str(ROOT / "src"), str(ROOT / "tools"), str(ROOT / "clients" / "python")]
    from elmed.config.environment import Environment

    for name in Environment.model_fields:
        os.environ.pop(name.upper(), None)
    os.environ |= {"ELMED_ENV": "development", "BASE_URL": PUBLISHED_AT}
    os.environ["DJANGO_SETTINGS_MODULE"] = "elmed.config.settings"
    import django

    django.setup()


def artefacts() -> dict[str, Callable[[], str]]:
    """Every generated file with what makes it."""
    import make_sync

    import plugin_pot
    import reference_pages as pages
    from dependencies_page import dependencies

    made = {
        "docs/reference/state-machine.md": pages.state_machine,
        "docs/reference/permissions.md": pages.permissions,
        "docs/reference/events.md": pages.events,
        "docs/reference/periodic.md": pages.periodic,
        "docs/reference/settings.md": pages.settings,
        "docs/reference/errors.md": pages.errors,
        "docs/reference/sandbox.md": pages.sandbox,
        "docs/developer/dependencies.md": dependencies,
        str(plugin_pot.POT.relative_to(ROOT)): plugin_pot.render,
    }
    for name, text in make_sync.files().items():
        made[f"clients/python/{name}"] = partial(str, text)
    if importlib.util.find_spec("elmed.api.openapi"):
        openapi = importlib.import_module("elmed.api.openapi")
        made["contract/openapi.json"] = lambda: as_json(openapi.document())
        postman = importlib.import_module("elmed.help.postman")
        made["contract/elmed.postman_collection.json"] = lambda: as_json(postman.collection())
        webhooks = importlib.import_module("elmed.api.webhook_document")
        made["contract/webhook-messages.json"] = lambda: as_json(webhooks.examples())
        made["contract/webhook-signatures.json"] = lambda: as_json(webhooks.vectors())
    return made


def as_json(what: object) -> str:
    """A file of the contract."""
    return json.dumps(what, indent=2, ensure_ascii=False) + "\n"


def differences(made: dict[str, str]) -> list[str]:
    """A unified diff for each file that does not say what the code says."""
    found = []
    for name, text in made.items():
        file = ROOT / name
        old = file.read_text() if file.is_file() else ""
        if old != text:
            lines = difflib.unified_diff(
                old.splitlines(),
                text.splitlines(),
                f"{name} (in the tree)",
                f"{name} (from the code)",
                lineterm="",
                n=1,
            )
            found.append("\n".join(list(lines)[:60]))
    return found


def main() -> int:
    """Write the files, or with `--check` say which are out of date."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--check", action="store_true", help="change nothing; fail where a file is out of date")
    check = parser.parse_args().check
    prepare()
    made = {name: make() for name, make in artefacts().items()}
    found = differences(made)
    if check:
        for difference in found:
            print(difference)
        if found:
            print(
                f"\n{len(found)} generated file(s) out of date: run `python tools/generate.py` and commit the result."
            )
        else:
            print(f"{len(made)} generated files agree with the code.")
        return 1 if found else 0
    for name, text in made.items():
        file = ROOT / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    print(f"{len(made)} files written, {len(found)} of them changed.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
