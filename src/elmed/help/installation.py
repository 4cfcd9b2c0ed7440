"""The names and addresses of this installation that the help's pages carry."""

from django.conf import settings


def installation() -> dict[str, str]:
    """By the names that templates use. What the base template gets (portals/context.py) says the same."""
    return {
        "SITE_NAME": settings.SITE_NAME,
        "BASE_URL": settings.BASE_URL,
        "API_URL": f"{settings.BASE_URL}/api/public/v1",
        "SUPPORT_EMAIL": settings.SUPPORT_EMAIL,
    }
