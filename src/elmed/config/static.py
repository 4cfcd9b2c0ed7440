"""Style sheets and scripts, compressed once in each process: nobody has to collect or compress anything beforehand.

WhiteNoise serves a compressed variant that lies beside a file; ours lie in a folder of the process instead, since the
installed package's folder may be read-only. Pages themselves go out as they are: they hold secrets beside words that
came from the request, and compressing both together tells lengths (BREACH, https://breachattack.com).
"""

import gzip
import os
from functools import cache
from pathlib import Path
from tempfile import NamedTemporaryFile, TemporaryDirectory

from whitenoise.compress import Compressor
from whitenoise.middleware import WhiteNoiseMiddleware
from whitenoise.responders import StaticFile

LEAST_GAIN = 0.95  # as WhiteNoise's own Compressor: a variant that saves less than 5 % is not worth its header
COMPRESSIBLE = Compressor(quiet=True)


class CompressedStatic(WhiteNoiseMiddleware):  # type: ignore[misc]  # WhiteNoise has no types
    """WhiteNoise with a gzip variant of every file that gets smaller by it."""

    def get_static_file(self, path: str, url: str, stat_cache: dict[str, os.stat_result] | None = None) -> StaticFile:
        """The file with its variants. Raises whitenoise's MissingFileError where there is none."""
        plain = super().get_static_file(path, url, stat_cache)
        found = (stat_cache or {}).get(path) or Path(path).stat()
        variant = compressed(path, found.st_mtime_ns) if COMPRESSIBLE.should_compress(path) else None
        if variant is None:
            return plain
        headers = [(name, value) for name, value in plain.alternatives[-1][2] if name != "Content-Length"]
        return StaticFile(path, headers, encodings={"gzip": str(variant)})


@cache
def compressed(path: str, changed: int) -> Path | None:  # noqa: ARG001 - it only tells versions apart
    """Where the gzip variant of the file as of `changed` (mtime, ns) lies; None where it would not be smaller."""
    whole = Path(path).read_bytes()
    small = gzip.compress(whole, compresslevel=9, mtime=0)
    if len(small) > LEAST_GAIN * len(whole):
        return None
    with NamedTemporaryFile(dir=_folder().name, suffix=".gz", delete=False) as variant:
        variant.write(small)
    return Path(variant.name)


@cache
def _folder() -> "TemporaryDirectory[str]":
    """Made when first needed, so that a process that serves nothing makes none; removed when the process ends."""
    return TemporaryDirectory(prefix="elmed-static-")
