"""Settings → Security: the password, the second factors, and the page for who has to set one up before anything else."""

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from elmed.access import second_factor
from elmed.portals.page import person_page
from elmed.portals.sign_in import lacks_factor


@person_page
def security(request: HttpRequest) -> HttpResponse:
    """Password, e-mail address, and the second factors that protect the sign-in."""
    factors = list(Authenticator.objects.filter(user_id=request.user.pk))
    codes = next((one for one in factors if one.type == Authenticator.Type.RECOVERY_CODES), None)
    context = {
        "kinds": {one.type for one in factors},
        "passkeys": sum(one.type == Authenticator.Type.WEBAUTHN for one in factors),
        "codes_left": len(codes.wrap().get_unused_codes()) if codes else 0,
        "needed": second_factor.needed(getattr(request, "accounts", ())),
        "secure": request.is_secure() or settings.MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN,
    }
    return render(request, "settings/security.html", context)


@person_page
def second_factor_page(request: HttpRequest) -> HttpResponse:
    """Why a second factor is needed, and the two ways to one. Whoever has it goes on."""
    if not lacks_factor(request):
        return redirect("home")
    return render(request, "settings/second_factor.html")


@person_page
def factors(request: HttpRequest) -> HttpResponse:  # noqa: ARG001
    """Where allauth goes after a change of a factor."""
    return redirect("security")
