"""Every error of the API as the help shows it: an anchor each, where a problem's `type` leads."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from django.http import HttpRequest

from elmed.api.problems import ERROR_CODES, respond
from elmed.help.what_to_do import EXTRAS, HEADERS, HOW_IT_IS, NOT_OF_A_PRESCRIPTION, WHAT_TO_DO

_REQUEST_ID = "req_7163867ed405f395b1e69335"
# The order in which the API looks (docs/reference/errors.md): the first that is wrong answers.
_ORDER = (401, 429, 400, 403, 404, 405, 410, 413, 415, 422, 409, 412, 500, 503)


@dataclass(frozen=True)
class ProblemPage:
    """One code: its anchor, and all there is to say of it."""

    code: str
    status: int
    title: str
    meaning: str
    to_do: str
    header: str
    body: str


def by_status() -> list[tuple[int, str, list[ProblemPage]]]:
    """Status, its title, and its codes, in the order in which the API looks."""
    rows = sorted(_all(), key=lambda one: _ORDER.index(one.status))
    groups = [(status, list(some)) for status, some in groupby(rows, key=lambda one: one.status)]
    return [(status, some[0].title, some) for status, some in groups]


def _all() -> Iterator[ProblemPage]:
    request = HttpRequest()
    request.META["elmed.request_id"] = _REQUEST_ID
    for code, (status, meaning) in ERROR_CODES.items():
        how_it_is = HOW_IT_IS if status == 409 and code not in NOT_OF_A_PRESCRIPTION else {}
        extra = {**how_it_is, **EXTRAS.get(code, {})}
        answer = respond(request, status=status, code=code, detail=meaning, extra=extra, headers={})
        body = json.loads(answer.content)
        text = json.dumps(body, indent=2, ensure_ascii=False)
        yield ProblemPage(code, status, body["title"], meaning, WHAT_TO_DO.get(code, ""), HEADERS.get(code, ""), text)
