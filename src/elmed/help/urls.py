"""The help's addresses: /help, the search, and one for each page of pages.py."""

from elmed.help import views
from elmed.help.pages import PAGES
from elmed.portals.page import route

urlpatterns = [
    route("help", views.index, "help"),
    route("help/search", views.found, "help_search"),
    route("help/changelog.atom", views.changes_feed, "help_changelog_feed"),
    route("help/elmed.postman_collection.json", views.postman_collection, "help_postman"),
    route("help/python/<str:name>", views.client_file, "help_client"),
    *(route(f"help/{page.path}", views.shown(page), page.name) for page in PAGES),
]
