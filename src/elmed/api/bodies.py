"""Reading what a request says: the body's bytes, its JSON, its fields; the query's parameters.

Syntax is 400, meaning is 422 with a JSON pointer per field (RFC 6901). Unknown fields and parameters are refused.
"""

import json
import re
from collections.abc import Mapping
from datetime import date, datetime
from functools import cache
from typing import Annotated, Any, TypeVar

from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent
from django.http import HttpRequest, QueryDict
from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
)
from pydantic_core import from_json

from elmed.api.problems import ApiProblem
from elmed.config.environment import environment
from elmed.core import quantities
from elmed.core.refusals import Invalid

MAX_ID = 2**63 - 1
MOST_DISCARDED = 32 * 1024 * 1024  # bytes of a body that is too large
MOST_ERRORS = 50  # of one answer: a hostile body does not make us write more than it sent
_RFC3339 = re.compile(r"\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d{1,9})?([Zz]|[+-]\d{2}:\d{2})", re.ASCII)
B = TypeVar("B", bound=BaseModel)


class Body(BaseModel):
    """A JSON object of the API: exact types, nothing unknown."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class NoBody(Body):
    """Nothing to say: an empty object, or no body at all."""


class Query(BaseModel):
    """The query's parameters: texts read as their types, nothing unknown."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _printable(text: str) -> str:
    """Refuse control characters: databases and labels choke on them."""
    if any(ord(character) < 32 or ord(character) == 127 for character in text):
        raise ValueError("No control characters.")
    return text


def _in_range(moment: datetime) -> datetime:
    """Refuse moments that no clock here ever shows, before arithmetic on them overflows."""
    if not 1900 <= moment.year <= 2200:
        raise ValueError("A moment between 1900 and 2200.")
    return moment


def _rfc3339(text: object) -> datetime:
    """Read RFC 3339 and none of the other spellings that a lenient parser takes: numbers, dates alone, local times."""
    if not isinstance(text, str) or not _RFC3339.fullmatch(text):
        raise ValueError("A moment such as 2026-11-22T10:15:00Z (RFC 3339; in an address, `+` is sent as %2B).")
    return datetime.fromisoformat(text.upper())


def _digits(text: object) -> object:
    """Refuse what a lenient parser takes for a whole number: `1_0`, `1.0`, signs, spaces."""
    if isinstance(text, str) and not re.fullmatch(r"[0-9]{1,19}", text):
        raise ValueError("A whole number, in digits.")
    return text


def _quantity(text: str) -> str:
    quantities.parse(text)
    return text


Text = Annotated[str, AfterValidator(_printable)]
ShortText = Annotated[Text, StringConstraints(min_length=1, max_length=120)]
Id = Annotated[int, Field(ge=1, le=MAX_ID)]
Digits = BeforeValidator(_digits)  # of a number in the address
Moment = Annotated[AwareDatetime, BeforeValidator(_rfc3339), AfterValidator(_in_range)]
Quantity = Annotated[
    str,
    AfterValidator(_quantity),
    Field(description='A decimal string in the line\'s unit, such as "14" or "0.5".', examples=["14"]),
]
Sku = Annotated[Text, Field(min_length=1, max_length=200, description="The product's SKU.", examples=["AMOX-500-21"])]
Packs = Annotated[
    str, AfterValidator(_quantity), Field(description='Packs: a decimal string, such as "2".', examples=["2"])
]


class PageQuery(Query):
    """A list's parameters: which page, how large, and whether by change."""

    updated_since: Moment | None = Field(
        None,
        description="Changed at or after this moment (RFC 3339 with `Z` or an offset whose `+` is sent as `%2B`); oldest change first.",
    )
    limit: Annotated[int, Field(ge=1, le=100), Digits] = Field(20, description="How many at most.")
    cursor: str | None = Field(None, description="`next_cursor` of the page before.")


def read_bytes(request: HttpRequest) -> bytes:
    """The body's bytes, all of them. Raises ApiProblem 413 over the limit, 400 where the client went away.

    The server hands a request on that breaks off as if it had ended; here no body means *dispense everything*, so
    what is less than announced is refused. In chunks nothing tells the end of a broken one, but JSON tells its own:
    only an empty one would be taken for another.
    """
    most = environment().max_body_bytes
    try:
        said = int(request.META.get("CONTENT_LENGTH") or 0)
        if said > most:
            _discard(request, said)
            raise ApiProblem("body_too_large")
        if "chunked" in request.headers.get("Transfer-Encoding", "").lower():
            # Django reads a body without Content-Length as empty; here empty means "dispense everything".
            raw: bytes = _input(request).read(most + 1)
            if len(raw) > most:
                _discard(request, MOST_DISCARDED)
                raise ApiProblem("body_too_large")
            if not raw:
                raise ApiProblem(
                    "malformed_body", "The body in chunks is empty. For no body, send `Content-Length: 0`."
                )
            return raw
        raw = request.body
        if len(raw) < said:
            raise ApiProblem("malformed_body", "The body broke off.")
        return raw
    except RequestDataTooBig:
        raise ApiProblem("body_too_large") from None
    except (OSError, ValueError):
        raise ApiProblem("malformed_body", "The body could not be read.") from None


def _input(request: HttpRequest) -> Any:
    return request.environ["wsgi.input"]  # type: ignore[attr-defined]


def _discard(request: HttpRequest, left: int) -> None:
    """Read what is not wanted, within reason: many clients look at the answer only after they have sent everything."""
    while 0 < left <= MOST_DISCARDED and (part := _input(request).read(min(left, 65536))):
        left -= len(part)


def check_json(request: HttpRequest, raw: bytes) -> None:
    """Raise ApiProblem: not said to be JSON (415), or not JSON in UTF-8 (400). No body at all is fine."""
    if not raw:
        return
    media = (request.content_type or "").lower()
    if media != "application/json" and not media.endswith("+json"):
        raise ApiProblem("unsupported_media_type")
    try:
        from_json(raw, allow_inf_nan=False)  # the parser that reads it afterwards, so that they cannot disagree
        json.loads(raw.decode("utf-8"), object_pairs_hook=_each_once)
    except _Repeated as repeated:
        raise ApiProblem("malformed_body", f"The body names the member `{repeated.args[0][:60]}` twice.") from None
    except (ValueError, RecursionError):
        raise ApiProblem("malformed_body") from None


class _Repeated(Exception):
    """A member that an object names twice: readers disagree on which one counts, and a supply is no place for that."""


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members: dict[str, Any] = {}
    for name, value in pairs:
        if name in members:
            raise _Repeated(name)
        members[name] = value
    return members


def parse_body(raw: bytes, model: type[B]) -> B:
    """The body as `model`; no body is an empty object. Raises Invalid (422), each field with its pointer."""
    try:
        return model.model_validate_json(raw or b"{}")
    except ValidationError as wrong:
        raise Invalid([_error(error) for error in _first(wrong)]) from None


_CODES = {
    "extra_forbidden": "unknown_field",
    "value_error": "invalid_value",
    "missing": "required",
    "model_type": "object_type",
}


def _first(wrong: ValidationError) -> list[Any]:
    return wrong.errors(include_url=False, include_input=False, include_context=False)[:MOST_ERRORS]


def _error(error: Mapping[str, Any]) -> dict[str, str]:
    path = "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in error["loc"])
    code = _CODES.get(error["type"], error["type"])
    detail = "There is no such field." if code == "unknown_field" else error["msg"].removeprefix("Value error, ")
    return {"pointer": path, "code": code, "detail": detail}


@cache
def _repeatable(model: type[BaseModel]) -> frozenset[str]:
    """The parameters that may be given several times."""
    return frozenset(name for name, field in model.model_fields.items() if "tuple" in str(field.annotation))


def parse_query(request: HttpRequest, model: type[B]) -> B:
    """The query's parameters as `model`. Raises ApiProblem 400 naming each wrong one."""
    lists = _repeatable(model)
    values: dict[str, Any] = {}
    for name, given in _parameters(request).lists():
        if len(given) > 1 and name not in lists:
            raise ApiProblem("invalid_parameter", errors=[_parameter(name, "repeated", "Give it once.")])
        if any("\ufffd" in text for text in (name, *given)):  # what Django reads broken UTF-8 as
            raise ApiProblem("invalid_parameter", errors=[_parameter(name, "not_utf8", "Percent-encoded UTF-8.")])
        values[name] = tuple(given) if name in lists else given[0]
    try:
        return model.model_validate(values)
    except ValidationError as wrong:
        errors = []
        for error in _first(wrong):
            name = str(error["loc"][0]) if error["loc"] else ""
            code = _CODES.get(error["type"], error["type"])
            unknown = code == "unknown_field"
            errors.append(
                _parameter(
                    name,
                    "unknown_parameter" if unknown else code,
                    "There is no such parameter." if unknown else error["msg"].removeprefix("Value error, "),
                )
            )
        raise ApiProblem("invalid_parameter", errors=errors) from None


def _parameters(request: HttpRequest) -> QueryDict:
    try:
        return request.GET
    except TooManyFieldsSent:
        raise ApiProblem("invalid_parameter", "There are far too many query parameters.") from None


def _parameter(name: str, code: str, detail: str) -> dict[str, str]:
    return {"parameter": name, "code": code, "detail": detail}


def parse_day(text: str) -> str:
    """Refuse what is no `YYYY-MM-DD` of a real day."""
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
        raise ValueError("A day as YYYY-MM-DD.")
    date.fromisoformat(text)
    return text
