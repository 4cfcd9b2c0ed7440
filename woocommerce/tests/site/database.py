"""MariaDB for the sites: the machine's own server where it lets this user in, else a private one in a temporary folder.

Used by wordpress.py. A site's database is made anew, dumped and restored here; no other database is touched.
"""

import contextlib
import os
import secrets
import shutil
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from woocommerce.tests.site.packages import install
from woocommerce.tests.site.places import BedError

MACHINES = (Path("/run/mysqld/mysqld.sock"), Path("/var/run/mysqld/mysqld.sock"), Path("/tmp/mysql.sock"))


@dataclass(frozen=True)
class Server:
    """A MariaDB that answers on this socket; `process` is set where the bed started it."""

    socket: Path
    process: "subprocess.Popen[bytes] | None" = None

    def run(self, sql: str, database: str = "") -> str:
        """Run statements. Raises BedError with the server's own words."""
        command = [*_client(self.socket), *([database] if database else [])]
        done = subprocess.run(command, input=sql, capture_output=True, text=True, check=False)
        if done.returncode:
            raise BedError(f"MariaDB: {done.stderr.strip()}")
        return done.stdout

    def version(self) -> str:
        """As the server says it."""
        return self.run("SELECT VERSION()").strip().partition("-")[0]

    def fresh(self, name: str) -> "Database":
        """An empty database of that name with a user of its own."""
        password = secrets.token_hex(12)
        self.run(
            f"DROP DATABASE IF EXISTS `{name}`; CREATE DATABASE `{name}` CHARACTER SET utf8mb4;"
            f"CREATE OR REPLACE USER '{name}'@'localhost' IDENTIFIED BY '{password}';"
            f"GRANT ALL ON `{name}`.* TO '{name}'@'localhost';"
        )
        return Database(self, name, password)

    def stop(self) -> None:
        """End the private server; the machine's own stays."""
        if self.process is not None:
            self.process.terminate()
            self.process.wait(30)
            shutil.rmtree(self.socket.parent, ignore_errors=True)


@dataclass(frozen=True)
class Database:
    """One site's database."""

    server: Server
    name: str
    password: str

    def run(self, sql: str) -> str:
        """Statements in this database."""
        return self.server.run(sql, self.name)

    def dump(self, file: Path) -> None:
        """All of it, to a file."""
        tool = shutil.which("mariadb-dump") or "mysqldump"
        with file.open("wb") as out:
            subprocess.run([tool, f"--socket={self.server.socket}", *_who(), self.name], stdout=out, check=True)

    def restore(self, file: Path) -> None:
        """What a dump holds, into an empty database."""
        with file.open("rb") as dump:
            subprocess.run([*_client(self.server.socket), self.name], stdin=dump, check=True)

    def drop(self) -> None:
        """Remove it with its user."""
        self.server.run(f"DROP DATABASE IF EXISTS `{self.name}`; DROP USER IF EXISTS '{self.name}'@'localhost';")


def _who() -> list[str]:
    return [] if os.geteuid() == 0 else ["--user=root"]


def _client(socket: Path) -> list[str]:
    return [shutil.which("mariadb") or "mysql", f"--socket={socket}", "--batch", "--skip-column-names", *_who()]


def server() -> Server:
    """The machine's MariaDB, or one started for this run."""
    if shutil.which("mariadbd") is None and not Path("/usr/sbin/mariadbd").exists():
        install("mariadb-server")
    for socket in MACHINES:
        if socket.exists() and _answers(socket):
            return Server(socket)
    return _private()


def _answers(socket: Path) -> bool:
    with contextlib.suppress(BedError):
        return Server(socket).run("SELECT 1").strip() == "1"
    return False


def _private() -> Server:
    """A server with files of its own in a temporary folder; it may forget a crash's last second."""
    base = Path(tempfile.mkdtemp(prefix="elmed-mariadb-"))
    user = ["--user=mysql"] if os.geteuid() == 0 else []
    if user:
        shutil.chown(base, "mysql", "mysql")  # mariadbd gives up root's rights
    making = [
        "mariadb-install-db",
        "--no-defaults",
        f"--datadir={base / 'data'}",
        "--auth-root-authentication-method=normal",
    ]
    done = subprocess.run([*making, *user], capture_output=True, text=True, check=False)
    if done.returncode:
        raise BedError(f"A private MariaDB could not be made: {done.stderr.strip() or done.stdout.strip()}")
    with (base / "log").open("ab") as log:
        process = subprocess.Popen(
            [shutil.which("mariadbd") or "/usr/sbin/mariadbd", "--no-defaults", f"--datadir={base / 'data'}",
             f"--socket={base / 'sock'}", f"--pid-file={base / 'pid'}", "--skip-networking", "--skip-log-bin",
             "--innodb-flush-log-at-trx-commit=0", *user],
            stdout=log, stderr=log,
        )  # fmt: skip
    for _ in range(150):
        if (base / "sock").exists() and _answers(base / "sock"):
            return Server(base / "sock", process)
        if process.poll() is not None:
            break
        time.sleep(0.2)
    raise BedError(f"The private MariaDB did not start: {(base / 'log').read_text()[-500:]}")
