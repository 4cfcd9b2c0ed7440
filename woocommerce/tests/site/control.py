"""The tests' own door into ELMED: a small HTTP server on loopback that makes prescriptions, acts and reads by real acts.

`POST /<word>` with a JSON object calls the function of that name in scenarios.py (or weather, stop, start, calls
here) and answers JSON. Started by the bed, one for each site; tests only, never part of ELMED.
Run: python -m woocommerce.tests.site.control --port BASE --data FOLDER [--database URL]
"""

import argparse
import json
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

from woocommerce.tests.site.proxy import Proxy, Weather
from woocommerce.tests.site.server import Elmed, drop_postgres, fresh_postgres, settings

Words = dict[str, Callable[..., Any]]


def main() -> None:
    """Put ELMED together and answer until SIGTERM."""
    options = _options()
    proxy_port, control_port, elmed_port = options.port + 1, options.port + 2, options.port + 3
    if options.database:
        fresh_postgres(options.database)
    environment = settings(data=options.data, database=options.database, base_url=f"http://127.0.0.1:{proxy_port}")
    os.environ.update(environment)
    words, first = _django()
    elmed = Elmed(port=elmed_port, environment=environment, log=options.data / "elmed.log")
    proxy = Proxy(port=proxy_port, upstream=elmed_port)
    words |= _of_the_bed(elmed, proxy)
    elmed.start()
    proxy.open()
    server = HTTPServer(("127.0.0.1", control_port), _handler(words))
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
    print(json.dumps(first | {"url": f"http://127.0.0.1:{proxy_port}", "control": f"http://127.0.0.1:{control_port}"}))
    sys.stdout.flush()
    try:
        server.serve_forever(0.1)
    finally:
        elmed.kill()
        if options.database:
            _forget(options.database)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--database", default="")
    return parser.parse_args()


def _django() -> tuple[Words, dict[str, Any]]:
    """Tables, the sealing key and the cast; the words of scenarios.py, and the facts the tests begin with."""
    import django

    django.setup()
    from woocommerce.tests.site import catalogue, scenarios  # noqa: F401 - catalogue adds its words

    return dict(scenarios.WORDS), scenarios.begin()


def _forget(database: str) -> None:
    from django.db import connections

    connections.close_all()
    drop_postgres(database)


def _of_the_bed(elmed: Elmed, proxy: Proxy) -> Words:
    """What is done to the server and to the way to it."""

    def stop() -> None:
        proxy.close()
        elmed.kill()

    def start() -> None:
        elmed.start()
        proxy.open()

    def weather(**given: Any) -> None:
        proxy.weather = Weather(**given)

    def calls(since: float = 0.0) -> list[dict[str, Any]]:
        return proxy.seen(since=since)

    return {"stop": stop, "start": start, "weather": weather, "calls": calls, "time": time.time}


def _handler(words: Words) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            try:
                given = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or "{}")
                status, answer = 200, words[self.path.strip("/")](**given)
            except Exception:
                status, answer = 500, {"error": traceback.format_exc()}
            body = json.dumps(answer, default=str).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """The tests say what they ask."""

    return Handler


if __name__ == "__main__":
    main()
