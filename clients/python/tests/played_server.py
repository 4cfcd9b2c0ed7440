"""A server that answers what it was told, in turn: for what a real one cannot be made to do."""

import httpx

import elmed_client
from elmed_client import Client

KEY = "elm_" + "a1" * 32
ME = {
    "account": {"id": 4, "name": "Kingfisher", "kind": "pharmacy"}, "key": {"id": 1, "name": "k", "expires_at": None}, "scopes": ["rx:read"],
    "mode": "live", "limits": {"requests_per_minute": 120}, "now": "2026-11-22T10:15:00.000000Z", "events": {"newest": 0}, "of_tomorrow": {"x": 1},
}  # fmt: skip
SALE = {"id": 1, "external_reference": "1042", "lines": [], "created_at": "2026-11-22T10:15:00Z"}
LINE = elmed_client.SaleLine(sku="A", quantity=1)


def problem(status, code, headers=None, **more):
    body = {"type": "about:blank", "title": "T", "status": status, "detail": "D", "code": code, "request_id": "req_1"}
    return httpx.Response(
        status, json=body | more, headers={"Content-Type": "application/problem+json"} | (headers or {})
    )


class Script:
    """Answers in turn, keeps what was asked, and what was slept in between."""

    def __init__(self, monkeypatch, *answers):
        self.answers, self.asked, self.slept = list(answers), [], []
        monkeypatch.setattr("time.sleep", self.slept.append)

        async def sleep(seconds):
            self.slept.append(seconds)

        monkeypatch.setattr("asyncio.sleep", sleep)

    def __call__(self, request):
        self.asked.append(request)
        answer = self.answers.pop(0)
        if isinstance(answer, type):
            raise answer("cut", request=request)
        return answer

    def client(self, **more):
        return Client(KEY, url="https://elmed.example", transport=httpx.MockTransport(self), **more)


def ok(body=None):
    return httpx.Response(200, json=ME if body is None else body)
