"""The demo's own environment: nothing of a real installation's settings gets into it, and it listens on loopback.

Called by cli/main.py before the settings are read. Only ELMED_DATA and PORT are taken from outside.
"""

import os

# Whatever these say outside, the demo has its own.
FORGOTTEN = (
    "DATABASE_URL", "SECRET_KEY", "SEALING_KEYS_DIR", "SECOND_FACTOR_KEYS", "ALLOWED_HOSTS", "EMAIL_HOST", "TRUSTED_PROXIES", "WEB_WORKERS",
    "REQUIRE_SECOND_FACTOR",
)  # fmt: skip


def enter() -> None:
    """Set the process's environment, and so its children's, to the demo's."""
    for name in FORGOTTEN:
        os.environ.pop(name, None)
    port = os.environ.get("PORT") or "8000"
    os.environ.update(ELMED_ENV="demo", LISTEN_ADDRESS="127.0.0.1", BASE_URL=f"http://localhost:{port}")
    os.environ.update(IDLE_LOCK_MINUTES="60", IDLE_END_MINUTES="600")  # somebody who looks around needs no lock
