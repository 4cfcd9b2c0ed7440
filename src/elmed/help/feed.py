"""The feed of the API's changes (Atom, RFC 4287), by Django's own syndication."""

from collections.abc import Sequence
from datetime import datetime

from django.conf import settings
from django.contrib.syndication.views import Feed
from django.urls import reverse
from django.utils.feedgenerator import Atom1Feed

from elmed.help.api_changes import CHANGES, Change


class ApiChanges(Feed[Change, None]):
    """An entry a change, the newest first."""

    feed_type = Atom1Feed

    def author_name(self) -> str:
        """An Atom feed names somebody (RFC 4287, 4.1.1)."""
        return settings.SITE_NAME

    def title(self) -> str:
        """With the installation's name."""
        return f"{settings.SITE_NAME} API: what is new"

    def link(self) -> str:
        """The page that says the same."""
        return settings.BASE_URL + reverse("help_changelog")

    def feed_url(self) -> str:
        """Its own address, as this installation is known from outside."""
        return settings.BASE_URL + reverse("help_changelog_feed")

    def items(self) -> Sequence[Change]:
        """All of them."""
        return CHANGES

    def item_title(self, item: Change) -> str:
        """Without the marks of code."""
        return f"{item.kind}: {item.title.replace('`', '')}"

    def item_description(self, item: Change) -> str:
        """What changed, and where."""
        calls = f" Calls: {', '.join(item.calls)}." if item.calls else ""
        return item.words.replace("`", "") + calls

    def item_link(self, item: Change) -> str:
        """Its place on the page."""
        return f"{self.link()}#{item.anchor}"

    def item_pubdate(self, item: Change) -> datetime:
        """When it came."""
        return item.at

    def item_updateddate(self, item: Change) -> datetime:
        """The same: an entry is not changed afterwards."""
        return item.at
