"""Every code that the program refuses with is in the one list of errors, under its own status; none is left over."""

import ast

from elmed.api.problems import ERROR_CODES
from elmed.core import refusals
from tests.guards.source import files, name, strings, tree

STATUS_OF = {
    kind.__name__: kind.status for kind in refusals.Refusal.__subclasses__() if kind.__name__ in ("NotAllowed", "NotNow")
}  # fmt: skip
# A guard's answer, which is 409 or, for who may never, 403; and the API's own problems.
OTHERS = ("No", "ApiProblem", "Refused")
NEVER_TO_THIS_CALLER = ("own_prescription",)  # states.judge makes this guard's answer a 403
NOT_SENT_BY_THE_API = ("portals/", "cli/")


def raised() -> list[tuple[str, str, str]]:
    """(file, class, code) of every refusal that is made with a literal code."""
    found = []
    for path in files():
        if name(path).startswith(NOT_SENT_BY_THE_API):
            continue
        for node in ast.walk(tree(path)):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name)):
                continue
            if node.func.id in STATUS_OF or node.func.id in OTHERS:
                literals = [a.value for a in node.args[:2] if isinstance(a, ast.Constant) and isinstance(a.value, str)]
                if literals and " " not in literals[0]:
                    found.append((name(path), node.func.id, literals[0]))
    return found


def test_every_code_is_documented():
    unknown = sorted({(where, code) for where, _, code in raised() if code not in ERROR_CODES})
    assert not unknown, "add them to ERROR_CODES in api/problems.py"


def status_of(kind: str, code: str) -> int | None:
    """What the program answers with; None for the API's own problems, which take it from the list itself."""
    if kind == "No":
        return 403 if code in NEVER_TO_THIS_CALLER else 409
    return STATUS_OF.get(kind)


def test_under_its_own_status():
    wrong = {
        (where, code)
        for where, kind, code in raised()
        if code in ERROR_CODES and status_of(kind, code) not in (None, ERROR_CODES[code][0])
    }
    assert not wrong


def test_no_code_is_left_over():
    used = {text for path in files() if name(path) != "api/problems.py" for _, text in strings(path)}
    used |= {"expired"}  # the guard on late reports names the status itself
    assert set(ERROR_CODES) - used == set()


def test_every_code_says_what_to_do():
    assert all(400 <= status < 600 and meaning.endswith(".") for status, meaning in ERROR_CODES.values())


def test_the_search_finds_something():
    assert len(raised()) > 40
