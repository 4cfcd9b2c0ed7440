"""Settings → Staff: who works in the pharmacy, who is invited, and what each may do. Owners change it."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from elmed.access.permissions import Permission
from elmed.access.queries import made_by
from elmed.accounts import members
from elmed.accounts.models import AccountKind, Role
from elmed.accounts.queries import Worker, invitation_of, open_invitations, workers_of
from elmed.core.clock import real_now
from elmed.core.refusals import NotVisible
from elmed.portals.joining.forms import InviteForm, RolesForm
from elmed.portals.page import PortalRequest, page

PHARMACY = (AccountKind.PHARMACY,)
PAGE_SIZE = 50


@page(permission=Permission.ACCOUNT_READ, kinds=PHARMACY, live=True)
def staff(request: PortalRequest) -> HttpResponse:
    """Everybody who works here; an owner also sees who is invited."""
    manages = Permission.MEMBER_MANAGE in request.actor.permissions
    now = real_now()
    context = {
        "workers": Paginator(workers_of(request.account), PAGE_SIZE).get_page(request.GET.get("page")), "manages": manages, "now": now,
        "invitations": open_invitations(request.account) if manages else [],
    }  # fmt: skip
    return render(request, "joining/staff.html", context)


@page(permission=Permission.MEMBER_MANAGE, kinds=PHARMACY, live=True)
def invite(request: PortalRequest) -> HttpResponse:
    """Invite somebody by e-mail."""
    form = InviteForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        if form.attempt(
            lambda: members.invite(request.actor, email=data["email"], roles=data["roles"], now=real_now())
        ):
            messages.success(request, _("An invitation is on its way to %(email)s.") % {"email": data["email"]})
            return redirect("staff")
    return render(request, "joining/staff_invite.html", {"form": form}, status=form.status)


@page(permission=Permission.MEMBER_MANAGE, kinds=PHARMACY, live=True)
def again(request: PortalRequest, pk: int) -> HttpResponse:
    """Send an invitation once more: POST alone."""
    if request.method == "POST":
        row = members.invite_again(request.actor, pk, now=real_now())
        messages.success(
            request, _("A new link is on its way to %(email)s; the old one has ended.") % {"email": row.email}
        )
    return redirect("staff")


@page(permission=Permission.MEMBER_MANAGE, kinds=PHARMACY, live=True)
def revoke(request: PortalRequest, pk: int) -> HttpResponse:
    """End an invitation, after a last look."""
    row = invitation_of(request.account, pk)
    if request.method == "POST":
        members.revoke(request.actor, pk, now=real_now())
        messages.success(request, _("The invitation to %(email)s has ended.") % {"email": row.email})
        return redirect("staff")
    return render(request, "joining/staff_revoke.html", {"row": row})


@page(permission=Permission.MEMBER_MANAGE, kinds=PHARMACY, live=True)
def roles(request: PortalRequest, pk: int) -> HttpResponse:
    """Change what somebody may do."""
    worker = _worker(request, pk)
    initial = {"roles": worker.roles, "registration_number": worker.registration_number}
    form = RolesForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data

        def change() -> bool:
            members.change_roles(
                request.actor, pk, roles=data["roles"], registration_number=data["registration_number"], now=real_now()
            )
            return True

        if form.attempt(change):
            messages.success(request, _("The roles of %(name)s are changed.") % {"name": worker.name})
            return redirect("staff" if pk != request.person.pk or Role.OWNER in data["roles"] else "home")
    context = {"form": form, "worker": worker, **_kept(request, worker)}
    return render(request, "joining/staff_roles.html", context, status=form.status)


@page(permission=Permission.MEMBER_MANAGE, kinds=PHARMACY, live=True)
def remove(request: PortalRequest, pk: int) -> HttpResponse:
    """End somebody's work here, after a last look."""
    worker = _worker(request, pk)
    if request.method == "POST":
        members.remove(request.actor, pk, now=real_now())
        messages.success(request, _("%(name)s no longer belongs to this pharmacy.") % {"name": worker.name})
        return redirect("staff" if pk != request.person.pk else "home")
    context = {"worker": worker, "self": pk == request.person.pk, **_kept(request, worker)}
    return render(request, "joining/staff_remove.html", context)


def _kept(request: PortalRequest, worker: Worker) -> dict[str, Any]:
    """What somebody who leaves, or may do less, could still use: the keys they made; and what ends with an owner."""
    sent = open_invitations(request.account).filter(invited_by_id=worker.person_id)
    made = made_by(request.actor, worker.person_id, real_now())
    return {"made": made, "sent": sent.count() if Role.OWNER in worker.roles else 0}


def _worker(request: PortalRequest, pk: int) -> Worker:
    found = next((one for one in workers_of(request.account) if one.person_id == pk), None)
    if found is None:
        raise NotVisible("member")
    return found
