"""An SMTP server on this machine that keeps what it is given: RFC 5321, with STARTTLS and AUTH as asked for."""

import base64
import socket
import ssl
import threading
from dataclasses import dataclass, field
from itertools import takewhile


@dataclass
class Posted:
    """One mail: its envelope, its bytes, who signed in, and whether it came through TLS."""

    sender: str
    to: list[str]
    data: bytes
    user: str = ""
    password: str = ""
    tls: bool = False


@dataclass
class PostOffice:
    """Listens until closed. `tls`: offers STARTTLS, and refuses mail without it."""

    tls: ssl.SSLContext | None = None
    posted: list[Posted] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    def __enter__(self) -> "PostOffice":
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        threading.Thread(target=self._listen, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def _listen(self) -> None:
        while True:
            try:
                link, _ = self._socket.accept()
            except OSError:
                return
            threading.Thread(target=self._quietly, args=(link,), daemon=True).start()

    def _quietly(self, link: socket.socket) -> None:
        try:
            self._talk(link)
        except (OSError, ValueError) as error:  # the client went away, or did not trust the certificate
            self.said.append(f"broken off: {type(error).__name__}")

    def _talk(self, link: socket.socket) -> None:
        link.settimeout(30)
        secure, lines, now = False, link.makefile("rb"), Posted("", [], b"")
        answer = lambda words: link.sendall(f"{words}\r\n".encode())  # noqa: E731
        answer("220 post.example ready")
        while line := lines.readline():
            words = line.decode().strip()
            self.said.append(words.split()[0].upper())
            match words.split()[0].upper():
                case "EHLO":
                    answer("250-post.example")
                    answer("250 STARTTLS" if self.tls and not secure else "250 AUTH PLAIN")
                case "STARTTLS" if self.tls:
                    answer("220 go ahead")
                    link = self.tls.wrap_socket(link, server_side=True)
                    lines, secure, now.tls = link.makefile("rb"), True, True
                case "AUTH":
                    _, now.user, now.password = base64.b64decode(words.split()[2]).decode().split("\0")
                    answer("235 welcome")
                case "MAIL" if self.tls and not secure:
                    answer("530 Must issue a STARTTLS command first")
                case "MAIL":
                    now.sender = words.split(":", 1)[1].split(">")[0].strip("< ")
                    answer("250 ok")
                case "RCPT":
                    now.to.append(words.split(":", 1)[1].split(">")[0].strip("< "))
                    answer("250 ok")
                case "DATA":
                    answer("354 end with a dot")
                    kept = takewhile(lambda part: part not in (b".\r\n", b""), iter(lines.readline, None))
                    now.data = b"".join(part.removeprefix(b".") if part.startswith(b"..") else part for part in kept)
                    self.posted.append(now)
                    now = Posted("", [], b"", now.user, now.password, secure)
                    answer("250 kept")
                case "QUIT":
                    answer("221 bye")
                    return
                case _:
                    answer("502 not known here")
