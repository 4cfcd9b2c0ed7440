"""Every error of the API as RFC 9457 problem details, and the one list of their codes.

Refusals of the domain are translated here once. The reference of errors is generated from ERROR_CODES.
"""

import json
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from elmed.api.acts import API_ACTS
from elmed.config.middleware import request_id
from elmed.core.refusals import Refusal

CONTENT_TYPE = "application/problem+json"
CODE = "elmed.error_code"  # in a request's META, for the request log

# code: (status, meaning and what to do)
ERROR_CODES: dict[str, tuple[int, str]] = {
    "conflicting_credentials": (400, "`X-API-Key` and `Authorization` carry different keys. Send one."),
    "invalid_parameter": (400, "A query parameter is unknown, given twice or has a bad value; `errors` names it."),
    "invalid_cursor": (400, "The cursor was changed, or belongs to another list. Start without one."),
    "malformed_body": (400, "The body is not JSON in UTF-8."),
    "invalid_idempotency_key": (400, "`Idempotency-Key` is 1 to 255 printable ASCII characters."),
    "invalid_if_match": (400, '`If-Match` is `*`, an ETag as the read gave it, or `"<version>"`.'),
    "missing_key": (401, "Send the key in `X-API-Key` or as `Authorization: Bearer`."),
    "invalid_key": (401, "The key is malformed, unknown, revoked or expired."),
    "insufficient_scope": (403, "The key lacks a scope; `needed_scopes` names those that would do."),
    "permission_denied": (403, "The account's role does not include that."),
    "not_a_party": (403, "Visible to this account, but another side does that."),
    "account_not_active": (403, "The account is not verified, suspended, or its licence has expired."),
    "ip_not_allowed": (403, "The key's IP list does not include this address."),
    "own_prescription": (403, "Nobody verifies or dispenses what they prescribed or what is prescribed to them."),
    "reauthentication_required": (403, "Signing needs the password again."),
    "test_key_required": (
        403,
        "Everything under `/sandbox` needs a test key (`elm_test_…`): it never touches live data.",
    ),
    "test_keys_only": (403, "This kind of account makes test keys only."),
    "not_found": (404, "Not there, or not visible to this account; the two look alike."),
    "no_matching_prescription": (404, "No prescription matches this reference and date of birth together."),
    "method_not_allowed": (405, "This address does not take this method; see `Allow`."),
    "already_supplied": (409, "Something of it was supplied."),
    "nothing_supplied": (409, "Nothing of it was supplied."),
    "invalid_status": (409, "Not possible in its present status; see `current_status` and `allowed_actions`."),
    "incomplete": (409, "The draft lacks something."),
    "no_such_hold": (409, "It is not on hold for that reason."),
    "not_routed": (409, "No pharmacy holds it."),
    "test_world_full": (409, "The test world holds so much that it takes no more: reset it."),
    "cancellation_pending": (409, "The doctor asked to cancel it: answer that first."),
    "hold_of_another_side": (409, "Another side placed the hold and ends it."),
    "ask_the_pharmacy": (409, "A pharmacist has checked it: request the cancellation."),
    "cancel_instead": (409, "No pharmacist has checked it: cancel it."),
    "not_overdue": (409, "It is still valid."),
    "pharmacy_active": (409, "The pharmacy is active and can return it itself."),
    "controlled_portal_only": (409, "Controlled medicines are dispensed in the pharmacy portal only."),
    "predecessor_open": (409, "The prescription it replaces is still open."),
    "replaced": (409, "The doctor replaced it by another prescription."),
    "replacement_supplied": (409, "The prescription that replaced it was supplied. Call the prescriber."),
    "held_elsewhere": (409, "Another pharmacy holds it: the patient or the doctor can move it."),
    "not_yet_valid": (409, "Its validity has not begun."),
    "expired": (409, "Its validity has ended."),
    "too_early": (409, "The minimum interval since the last issue has not passed; see `next_dispense_at`."),
    "quantity_unavailable": (409, "More than is left of the current issue and not reserved by others."),
    "not_dispensable": (409, "It has ended, and the hand-over is not from before its end."),
    "reported_too_late": (409, "A hand-over from before the end is reported within 72 hours after it."),
    "handed_over_after_request": (409, "The hand-over must lie before the request to cancel."),
    "handed_over_before_check": (
        409,
        "The pharmacy's check came after `handed_over_at`: nothing is handed over before it.",
    ),
    "handed_over_on_hold": (409, "It was on hold at `handed_over_at`: nothing of it was to be handed over."),
    "not_reversible": (409, "Only an own dispense of the newest issue, within 72 hours of its record."),
    "already_reversed": (409, "This dispense was reversed already."),
    "substitution_not_allowed": (409, "The doctor does not allow a substitution of this line."),
    "batch_recalled": (409, "The batch was recalled; `batch_number` names it. Do not supply it."),
    "batch_expired": (409, "The batch had expired when it was handed over."),
    "outside_reservation": (409, "A shop's key supplies only what its reservation keeps."),
    "reservation_used": (409, "What the reservation kept was dispensed already; `dispense_id` names by which."),
    "reservation_freed": (409, "The reservation keeps nothing any more; `reason` says why."),
    "reservation_confirmed": (409, "The reservation was confirmed for another order."),
    "sku_taken": (409, "Another product of the pharmacy, perhaps a retired one, has this SKU."),
    "pack_size_fixed": (409, "The product's stock was counted in packs of this size: retire it and make a new one."),
    "product_on_order": (
        409,
        "A shop's order waits for the product: its SKU, pack size and unit stay until that is over.",
    ),
    "changed_meanwhile": (409, "It changed since you looked at it. Look again."),
    "already_recalled": (409, "The batch was recalled already."),
    "not_recalled": (409, "The batch is not recalled."),
    "external_reference_used": (
        409,
        "A dispense with this `external_reference` is recorded, `dispense_id` and `reservation_id` name it; or a sale of other lines.",
    ),
    "signature_invalid": (409, "The seal of the prescription does not hold. Do not supply it."),
    "warnings_unanswered": (409, "Clinical warnings want a change or a reason."),
    "demonstration_formulary": (409, "A medicine comes from demonstration data. Choose it from the real formulary."),
    "too_many_endpoints": (409, "The account has as many webhook endpoints as it may have. Remove one first."),
    "endpoint_off": (409, "The webhook endpoint is switched off. Switch it on first."),
    "request_in_progress": (409, "A request with this `Idempotency-Key` is under way. Repeat it in a moment."),
    "already_rotated": (409, "The key was rotated already: rotate its successor."),
    "already_revoked": (409, "The key is revoked already."),
    "already_asked": (409, "It was asked for already, and not answered yet."),
    "already_decided": (409, "Somebody answered it already."),
    "invalid_state": (409, "Not from the account's present state."),
    "events_expired": (
        410,
        "Events that follow `after` are not kept: older than 90 days, or the test world was reset. Read the prescriptions "
        "anew; go on without `after`.",
    ),
    "version_conflict": (412, "It changed since you read it; `current_version` says to what."),
    "body_too_large": (413, "The body is larger than 1 MiB."),
    "unsupported_media_type": (415, "Send JSON, as `Content-Type: application/json`."),
    "validation_failed": (422, "Some fields are not valid; `errors` names each with a JSON pointer."),
    "idempotency_key_reused": (422, "This `Idempotency-Key` was used with another body."),
    "reference_locked": (
        429,
        "Five wrong proofs at one reference lock it for this account, also for the right one. Tell the shopper; do not "
        "wait in the request. `until` says when it opens.",
    ),
    "checks_paused": (
        429,
        "Fifty wrong proofs within an hour pause this account's checks. Its owner was told. `until` says when they go on.",
    ),
    "rate_limited": (429, "The key's requests of this minute are used up; see `Retry-After`."),
    "internal_error": (500, "A fault of ours. Nothing was changed; name the `request_id` to support."),
    "unavailable": (503, "The database is away. Repeat after `Retry-After` seconds."),
}

_TITLES = {
    400: "Bad request", 401: "Unauthorized", 403: "Not allowed", 404: "Not found", 405: "Method not allowed",
    409: "Not possible now", 410: "Gone", 412: "Changed meanwhile", 413: "Too large", 415: "Unsupported media type",
    422: "Not valid", 429: "Too many requests", 500: "Internal error", 503: "Unavailable",
}  # fmt: skip


class ApiProblem(Exception):
    """An error of the API itself, not of the domain. `code` is one of ERROR_CODES."""

    def __init__(
        self, code: str, detail: str | None = None, *, headers: Mapping[str, str] | None = None, **extra: Any
    ) -> None:
        """Take status and words from the list; `detail` may say it more exactly."""
        self.status, meaning = ERROR_CODES[code]
        super().__init__(code)
        self.code, self.detail, self.extra, self.headers = code, detail or meaning, extra, headers or {}


def respond(
    request: HttpRequest, *, status: int, code: str, detail: str, extra: Mapping[str, Any], headers: Mapping[str, str]
) -> HttpResponse:
    """One problem document."""
    request.META[CODE] = code
    body = {
        "type": f"{settings.BASE_URL}/help/errors#{code}",
        "title": _TITLES[status],
        "status": status,
        "detail": detail,
        "code": code,
        "request_id": request_id(request),
        **extra,
    }
    return HttpResponse(json.dumps(body), status=status, content_type=CONTENT_TYPE, headers=dict(headers))


def from_refusal(request: HttpRequest, refusal: Refusal) -> HttpResponse:
    """The domain's no, as the API says it: of what could be done instead, only what can be done here."""
    extra = dict(refusal.extra)
    if "allowed_actions" in extra:
        extra["allowed_actions"] = [act for act in extra["allowed_actions"] if act in API_ACTS]
    return respond(request, status=refusal.status, code=refusal.code, detail=refusal.detail, extra=extra, headers={})


def from_problem(request: HttpRequest, problem: ApiProblem) -> HttpResponse:
    """The API's own no."""
    return respond(
        request,
        status=problem.status,
        code=problem.code,
        detail=problem.detail,
        extra=problem.extra,
        headers=problem.headers,
    )
