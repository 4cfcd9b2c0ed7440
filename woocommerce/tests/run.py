"""`make test-shop`: the plugin's zip, its syntax, and its tests on real WordPress and WooCommerce beside a real ELMED.

Each step says what it ran on; the summary names what was skipped and why. WOOCOMMERCE_DIR (a built WooCommerce, folder
or zip) adds the shop's part. ONLY=word[,word] runs the steps whose name has one of the words.
"""

import os
import shutil
import socket
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from woocommerce.tests.counts import Counts, of_junit  # noqa: E402
from woocommerce.tests.lint import versions  # noqa: E402
from woocommerce.tests.site.bed import Bed, woocommerce_dir  # noqa: E402
from woocommerce.tests.site.places import PLUGIN, BedError  # noqa: E402

Step = tuple[str, Callable[[], Counts]]
PICTURES = ROOT / "docs" / "how-to" / "images" / "woocommerce"
NAMES = (f"run{os.getpid()}_{number}" for number in count(1))
NO_WOOCOMMERCE = "WOOCOMMERCE_DIR is not set (a built WooCommerce: a folder, or the woocommerce.zip of its release)"


def main() -> int:
    """Run the steps; 0 only where something passed and nothing failed."""
    only = [word for word in os.environ.get("ONLY", "").split(",") if word]
    rows: list[tuple[str, Counts]] = []
    for name, step in steps():
        if only and not any(word in name for word in only):
            rows.append((name, Counts(skipped=1, words=f"skipped: ONLY={','.join(only)}")))
            continue
        print(f"\n{'=' * 10} {name} {'=' * 10}", flush=True)
        rows.append((name, attempt(step)))
    return summary(rows)


def attempt(step: Callable[[], Counts]) -> Counts:
    """One step with its time. A bed that cannot be put together is a failure told in words, any other with its trace."""
    began = time.monotonic()
    try:
        found = step()
    except BedError as error:
        print(error, file=sys.stderr)
        found = Counts(failed=1, words=str(error).partition("\n")[0])
    except Exception as error:
        traceback.print_exc()
        found = Counts(failed=1, words=f"{type(error).__name__}: {error}")
    return found.after(time.monotonic() - began)


def summary(rows: list[tuple[str, Counts]]) -> int:
    """A line a step, and the last line's three numbers."""
    print(f"\n{'=' * 10} make test-shop {'=' * 10}")
    for name, found in rows:
        print(f"{name:<34} {found}")
    passed, failed, skipped = (
        sum(getattr(found, word) for _, found in rows) for word in ("passed", "failed", "skipped")
    )
    print(f"{passed} passed, {failed} failed, {skipped} skipped", flush=True)
    return 0 if passed and not failed else 1


def steps() -> Iterator[Step]:
    """Everything, in order."""
    yield "zip and bed", python_tests
    yield "syntax: this machine's PHP", lambda: judged([versions.here(PLUGIN)])
    yield "syntax: PHP " + " ".join(versions.OTHERS), other_versions
    yield "unit: WordPress of trixie", lambda: on_site(suites="unit")
    yield "unit: WordPress of sid", lambda: on_site(suites="unit", suite="sid")
    yield "shop: orders in own tables", lambda: in_shop(suites="unit,shop")
    yield "shop: orders as posts", lambda: in_shop(suites="shop", hpos=False)
    yield "shop: WordPress of sid", lambda: in_shop(suites="shop", suite="sid")
    yield "network of two sites", lambda: in_shop(suites="network", network=True)
    yield "journeys: orders in own tables", lambda: in_shop(suites="journeys", options=("--exclude-group", "large"))
    yield (
        "journeys of orders: as posts",
        lambda: in_shop(suites="journeys", hpos=False, options=("--filter", "OrdersTest|LifecycleTest")),
    )
    yield "browser", in_browser
    yield "large: 5000 products, 500 orders", lambda: in_shop(suites="journeys", options=("--group", "large"))


def python_tests() -> Counts:
    """The bed's own tests."""
    with TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        environment = {**os.environ, "ELMED_ENV": "development", "ELMED_DATA": folder}
        command = [sys.executable, "-m", "pytest", "-q", f"--junitxml={report}", "woocommerce/tests/bed"]
        code = subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode
        return of_junit(report, code)


def judged(found: list[versions.Lint]) -> Counts:
    """What the syntax checks came to."""
    for one in found:
        print(one.words)
    bad = sum(not one.good for one in found)
    words = ", ".join(f"PHP {one.version}" for one in found) + f", {found[0].files} files"
    return Counts(passed=len(found) - bad, failed=bad, words=words)


def other_versions() -> Counts:
    """The PHP versions from npm, or the reason why not."""
    reason = versions.install()
    if reason is not None:
        return Counts(skipped=len(versions.OTHERS), words=f"skipped: {reason}")
    return judged([versions.other(version, PLUGIN) for version in versions.OTHERS])


def in_shop(
    *, suites: str, suite: str = "trixie", hpos: bool = True, network: bool = False, options: tuple[str, ...] = ()
) -> Counts:
    """A suite that needs WooCommerce."""
    source = woocommerce_dir()
    if source is None:
        return Counts(skipped=1, words=f"skipped: {NO_WOOCOMMERCE}")
    return on_site(suites=suites, suite=suite, hpos=hpos, network=network, woocommerce=source, options=options)


def on_site(
    *,
    suites: str,
    suite: str = "trixie",
    hpos: bool = True,
    network: bool = False,
    woocommerce: Path | None = None,
    options: tuple[str, ...] = (),
) -> Counts:
    """Bring a site up with the plugin from its zip, run PHPUnit, take it down. What the site logged is a failure."""
    bed = Bed(name=next(NAMES), port=free_ports(), suite=suite, hpos=hpos, network=network, woocommerce=woocommerce)
    with bed:
        print(bed.ran_on, flush=True)
        report = bed.site.base / "report.xml"
        code = bed.phpunit("--testsuite", suites, "--log-junit", str(report), *options)
        found = with_log(of_junit(report, code), bed)
    return kept_where_failed(found, bed)


def in_browser() -> Counts:
    """The journeys in Chromium. SCREENSHOTS=1 makes the documents' pictures anew."""
    source = woocommerce_dir()
    if source is None:
        return Counts(skipped=1, words=f"skipped: {NO_WOOCOMMERCE}")
    chromium = shutil.which("chromium")
    if chromium is None:
        return Counts(skipped=1, words="skipped: there is no chromium")
    with Bed(name=next(NAMES), port=free_ports(), woocommerce=source) as bed:
        report = bed.site.base / "report.xml"
        given = {
            "ELMED_ENV": "development",
            "ELMED_TEST_SITE": str(bed.site.base / "site.json"),
            "ELMED_CHROMIUM": chromium,
        }
        if os.environ.get("SCREENSHOTS"):
            given["ELMED_TEST_SHOTS"] = str(PICTURES)
        command = [sys.executable, "-m", "pytest", "-q", f"--junitxml={report}", "woocommerce/tests/browser"]
        code = subprocess.run(command, cwd=ROOT, env={**os.environ, **given}, check=False).returncode
        found = with_log(of_junit(report, code), bed)
    return kept_where_failed(found, bed)


def kept_where_failed(found: Counts, bed: Bed) -> Counts:
    """The site's files are kept, to be looked at, only where something failed."""
    if found.failed:
        print(f"the site's files, with its logs: {bed.site.base}", file=sys.stderr, flush=True)
    else:
        bed.forget()
    return found


def with_log(found: Counts, bed: Bed) -> Counts:
    """The counts, and one failure more where WordPress logged a notice, a warning or an error meanwhile."""
    log = bed.site.base / "debug.log"
    said = log.read_text() if log.exists() else ""
    if bed.network:  # WordPress's own code for networks complains under newer PHP
        said = "\n".join(line for line in said.splitlines() if PLUGIN.name in line)
    if said:
        print(f"debug.log is not empty:\n{said[:3000]}", file=sys.stderr, flush=True)
    return Counts(found.passed, found.failed + bool(said), found.skipped, words=bed.ran_on)


def free_ports() -> int:
    """The first of four ports that nobody listens on."""
    for first in range(18400 + os.getpid() % 500 * 4, 65000, 4):
        try:
            for port in range(first, first + 4):
                with socket.socket() as probe:
                    probe.bind(("127.0.0.1", port))
            return first
        except OSError:
            continue
    raise BedError("No four free ports in a row.")


if __name__ == "__main__":
    sys.exit(main())
