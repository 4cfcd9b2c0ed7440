"""The guides' addresses."""

from elmed.help import views
from elmed.portals.page import route

urlpatterns = [
    route("help", views.index, "help"),
    route("help/developers", views.developers, "help_developers"),
    route("help/errors", views.errors, "help_errors"),
]
