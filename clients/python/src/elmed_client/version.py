"""The version of this package: read by pip, and told to the server in `User-Agent`."""

VERSION = "0.1.0"
