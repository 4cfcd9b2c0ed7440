"""The page of dependencies: the reason stands here, the release in the lock files, the licence in the package itself."""

import re
from importlib import metadata
from pathlib import Path

from reference_pages import page, table

ROOT = Path(__file__).resolve().parent.parent
REASONS = {
    "Django": "The one framework, for portals and API alike; its LTS release.",
    "psycopg": "PostgreSQL, with prepared statements and server-side binding.",
    "granian": "The WSGI server that `elmed serve` starts.",
    "django-allauth": "Sign-in, password reset, and second factors: one-time passwords, passkeys, recovery codes.",
    "django-cotton": "Components in the portals' templates.",
    "django-csp": "The portals' Content-Security-Policy header.",
    "whitenoise": "Serves the static files from the same process: no second server is needed.",
    "argon2-cffi": "Hashes passwords (Argon2id).",
    "cryptography": "Ed25519, for the seal.",
    "rfc8785": "Canonical JSON: what is sealed has one byte form.",
    "pydantic": "Reads the API's bodies and parameters, and writes their JSON schemas for OpenAPI.",
    "segno": "The QR code of a prescription's reference.",
    "pillow": "Reads, checks and draws anew the pictures of products that pharmacies send.",
    "fpdf2": "The PDF of a prescription: pure Python, no system library, embeds the fonts.",
    "uharfbuzz": "Joins Arabic letters in the PDF; fpdf2 uses it.",
    "httpcore": "Sends webhooks, over connections whose address is judged at the moment of connecting; httpx stands on it.",
    "standardwebhooks": "Signs webhooks as the Standard Webhooks specification says; by its authors.",
    "tzdata": "Time zones on machines without a database of their own.",
    "pydantic-settings": "Reads the settings from the environment, typed.",
    "dj-database-url": "Reads `DATABASE_URL`.",
    "setuptools": "Builds the package.",
    "django-stubs-ext": "Lets Django's generic classes carry types at run time.",
    "drf-spectacular-sidecar": "The files of the interactive API reference, served from here: no outside host. Of it nothing else is used.",
    "pytest": "Runs the tests.",
    "pytest-django": "Django's databases in the tests.",
    "pytest-xdist": "Runs the tests in several processes.",
    "hypothesis": "Random sequences of acts against the state machine.",
    "ruff": "Lints and formats.",
    "mypy": "Checks the types, strictly.",
    "django-stubs": "Types of Django, and the plugin that knows its models.",
    "import-linter": "Refuses imports against the layers.",
    "openapi-spec-validator": "Judges the generated OpenAPI document.",
    "playwright": "Drives a browser through the portals and the shop's checkouts.",
    "httpx": "What the Python client stands on: its only dependency.",
    "babel": "Reads the translatable words out of code and templates, and compiles the catalogues; pure Python.",
}
_CLASSIFIERS = {"MIT License": "MIT", "BSD License": "BSD", "Apache Software License": "Apache-2.0"}


def _named(file: str) -> list[str]:
    lines = (ROOT / "requirements" / file).read_text().splitlines()
    return [match[0] for line in lines if (match := re.match(r"[A-Za-z][\w.-]*", line))]


def _locked(file: str) -> dict[str, str]:
    text = (ROOT / "requirements" / file).read_text()
    return {name.lower(): version for name, version in re.findall(r"^([\w.-]+)==([^\s;\\]+)", text, re.MULTILINE)}


def _licence(name: str) -> str:
    about = metadata.metadata(name)
    if expression := about.get("License-Expression"):
        return str(expression)
    found = [line.split(" :: ")[-1] for line in about.get_all("Classifier") or [] if line.startswith("License ::")]
    return _CLASSIFIERS.get(found[0], found[0]) if found else str(about.get("License"))


def _table(listed: str, locked: str) -> str:
    releases = _locked(locked)
    names = _named(listed)
    if missing := [name for name in names if name not in REASONS]:
        raise SystemExit(f"Give the reason for {', '.join(missing)} in tools/dependencies_page.py.")
    rows = [[name, REASONS[name], _licence(name), releases[name.lower()]] for name in names]
    return table(["package", "reason", "licence", "release"], rows)


def dependencies() -> str:
    """Each direct dependency with its reason, licence and locked release."""
    return page(
        "Dependencies",
        "The direct ones; what they need in turn stands, with hashes, in `requirements/base.txt` and `requirements/dev.txt`. "
        "The licence is what the package's own metadata says.",
        "## To run",
        _table("base.in", "base.txt"),
        "## To develop",
        _table("dev.in", "dev.txt"),
        "## To change the stylesheet",
        "Bootstrap (MIT) and Dart Sass (MIT), by `package.json`. The compiled file is committed, so that nobody else needs Node.",
    )
