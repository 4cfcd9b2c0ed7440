"""The names and addresses of this installation that the help's pages carry."""

from django.conf import settings

from elmed.core.downloads import client_wheel


def installation() -> dict[str, str]:
    """By the names that templates use. What the base template gets (portals/context.py) says the same."""
    client = client_wheel()
    return {
        "CLIENT_FILE": client.name if client else "",  # the Python client, where it is handed out
        "SITE_NAME": settings.SITE_NAME,
        "BASE_URL": settings.BASE_URL,
        "API_URL": f"{settings.BASE_URL}/api/public/v1",
        "SUPPORT_EMAIL": settings.SUPPORT_EMAIL,
    }
