"""A receiver on this machine that answers as it is told: well, badly, slowly, or not at all."""

import socket
import ssl
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@dataclass
class Received:
    """One request."""

    headers: dict[str, str]
    body: bytes


def plainly(status: str, *headers: str, body: bytes = b"") -> Callable[[socket.socket], None]:
    """Answer once, correctly."""
    head = "\r\n".join([f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""])
    return lambda link: link.sendall(head.encode() + body)


def huge(link: socket.socket) -> None:
    """Ten megabytes where nobody wants any."""
    link.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 10485760\r\n\r\n")
    for _ in range(160):
        link.sendall(b"x" * 65536)


def early(link: socket.socket) -> None:
    """Close without a word."""
    link.shutdown(socket.SHUT_RDWR)


def garbage(link: socket.socket) -> None:
    """Not HTTP."""
    link.sendall(b"\x00\x01 what is this?\r\n\r\n" * 20)
    link.shutdown(socket.SHUT_RDWR)


def nonsense_body(link: socket.socket) -> None:
    """A 200 whose body breaks off."""
    link.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n<html")
    link.shutdown(socket.SHUT_RDWR)


def silence(link: socket.socket) -> None:
    """Never answer."""
    time.sleep(20)


def trickle(link: socket.socket) -> None:
    """A header a byte at a time, each soon enough to look alive."""
    for letter in b"HTTP/1.1 200 OK\r\nX-Long: " + b"a" * 400:
        link.sendall(bytes([letter]))
        time.sleep(0.2)


@dataclass
class Receiver:
    """Listens on loopback; `answers` are given in turn, the last one for good."""

    answers: list[Callable[[socket.socket], None]] = field(default_factory=lambda: [lambda link: link.sendall(OK)])
    got: list[Received] = field(default_factory=list)
    tls: ssl.SSLContext | None = None

    def __post_init__(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}/hooks?shop=1"
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        with suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)  # wakes whoever waits in `accept`
        self.listener.close()

    def _accept(self) -> None:
        while True:
            try:
                link, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(link,), daemon=True).start()

    def _serve(self, link: socket.socket) -> None:
        with link:
            try:
                link = self.tls.wrap_socket(link, server_side=True) if self.tls else link
                while request := self._read(link):
                    self.got.append(request)
                    answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
                    answer(link)
            except OSError:
                return

    def _read(self, link: socket.socket) -> Received | None:
        data = b""
        while b"\r\n\r\n" not in data:
            part = link.recv(65536)
            if not part:
                return None
            data += part
        head, _, body = data.partition(b"\r\n\r\n")
        headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n")[1:])
        headers = {name.lower(): value for name, value in headers.items()}
        while len(body) < int(headers.get("content-length", 0)):
            body += link.recv(65536)
        return Received(headers, body)
