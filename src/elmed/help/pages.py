"""The pages of the help, in the order of its navigation: tasks first, reference apart.

A page is one small template in templates/help/pages; its addresses, the navigation and the search come from here.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Group(StrEnum):
    """The parts of the help's navigation."""

    TASKS = "tasks"
    OUTAGE = "outage"
    BUILD = "build"
    REFERENCE = "reference"


GROUP_WORDS: dict[Group, Promise] = {
    Group.TASKS: _("Get something done"),
    Group.OUTAGE: _("When ELMED cannot be reached"),
    Group.BUILD: _("Build an integration"),
    Group.REFERENCE: _("Reference"),
}


@dataclass(frozen=True)
class HelpPage:
    """One page: the name of its address, the address below /help, its words, its part of the navigation."""

    name: str
    path: str
    title: Promise | str
    summary: Promise | str
    group: Group = Group.TASKS

    @property
    def template(self) -> str:
        """What stands on it."""
        return f"help/pages/{self.path}.html"

    @property
    def english(self) -> bool:
        """Written for programmers in the API's own language, and not translated."""
        return self.group in (Group.BUILD, Group.REFERENCE)


PAGES: tuple[HelpPage, ...] = (
    HelpPage(
        "help_doctors", "doctors", _("For doctors"),
        _("Find a patient, write and sign a prescription, answer a pharmacist, cancel or replace."),
    ),
    HelpPage(
        "help_pharmacists", "pharmacists", _("For pharmacists and technicians"),
        _("Check a prescription, dispense it, labels, walk-ins, ask the doctor, take a record back."),
    ),
    HelpPage(
        "help_owners", "pharmacy-owners", _("For pharmacy owners"),
        _("Your staff, products and stock, prices, recalls, the web shop, keys for your own software."),
    ),
    HelpPage(
        "help_patients", "patients", _("For patients"),
        _("Your prescriptions, the code to show, the choice of pharmacy, who looked, your data."),
    ),
    HelpPage(
        "help_first_steps", "first-steps", _("For developers: first steps"),
        _("A test key, the first call, a web shop of your own making."),
    ),
    HelpPage(
        "help_staff", "staff", _("For ELMED’s staff"),
        _("Verify and suspend accounts, answer for limits, open records, merge, release, correct."),
    ),
    HelpPage(
        "help_joining", "joining", _("Joining"),
        _("Register, accept an invitation, renew a licence."),
    ),
    HelpPage(
        "help_sign_in", "sign-in", _("Signing in"),
        _("Password, second factor, a lost phone, a covered page, several accounts."),
    ),
    HelpPage(
        "help_troubleshooting", "troubleshooting", _("Something does not work"),
        _("By what you see: no sign-in, no mail, no button, nothing found, refused."),
    ),
    HelpPage(
        "help_outage", "outage", _("Outage: what the counter does"),
        _("One page to print and to keep at the counter."), Group.OUTAGE,
    ),
    HelpPage(
        "help_quickstart", "quickstart", "Quickstart",
        "From a test key to a dispense in five minutes, in curl, Python or PHP.", Group.BUILD,
    ),
    HelpPage(
        "help_events", "events-or-webhooks", "Polling or webhooks",
        "How a program learns what happened: which way suits, and how to miss nothing.", Group.BUILD,
    ),
    HelpPage(
        "help_idempotency", "idempotency", "Trying again safely",
        "What to do when no answer comes: idempotency keys, what to repeat and what not.", Group.BUILD,
    ),
    HelpPage(
        "help_testing", "testing", "Testing your integration",
        "The test world: scenarios, the other side, a clock to move, and what to try before it counts.", Group.BUILD,
    ),
    HelpPage(
        "help_going_live", "going-live", "Going live",
        "A list to go through before the first real prescription.", Group.BUILD,
    ),
    HelpPage(
        "help_developers", "developers", "Developer / API Guide",
        "Connect your systems to ELMED using the public REST API.", Group.REFERENCE,
    ),
    HelpPage(
        "help_errors", "errors", "Errors of the API",
        "Every error code: what it means, what to do, and what the answer looks like.", Group.REFERENCE,
    ),
    HelpPage(
        "help_changelog", "changelog", "What is new in the API",
        "Calls that came, changed or will end, with a feed to follow.", Group.REFERENCE,
    ),
)  # fmt: skip


def by_group(pages: Iterable[HelpPage] = PAGES) -> list[tuple[Promise, list[HelpPage]]]:
    """The navigation: each part's words with its pages."""
    return [(GROUP_WORDS[group], list(some)) for group, some in groupby(pages, key=lambda page: page.group)]
