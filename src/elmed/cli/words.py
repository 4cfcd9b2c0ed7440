"""How commands talk: errors to stderr in one line, tables to stdout, questions only at a terminal."""

import argparse
import getpass
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    Groups = argparse._SubParsersAction[argparse.ArgumentParser]


class CommandFailed(Exception):
    """A command could not do its work, for the reason given."""


def say(words: str = "") -> None:
    """One line for the reader, at once."""
    print(words, flush=True)


def say_error(words: str) -> None:
    """One line to stderr."""
    print(f"elmed: {words}", file=sys.stderr, flush=True)


def table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Columns, as wide as their widest cell."""
    cells = [list(head), *([str(cell) for cell in row] for row in rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(head))]
    for row in cells:
        say("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def ask(question: str, *, secret: bool = False) -> str:
    """Ask at the terminal. Raises CommandFailed where there is none: the option is needed then."""
    if not sys.stdin.isatty():
        raise CommandFailed(f"{question} is needed; give it as an option (see --help).")
    prompt = f"{question}: "
    return (getpass.getpass(prompt) if secret else input(prompt)).strip()


def whole(least: int, most: int) -> Callable[[str], int]:
    """For argparse: a whole number in this range, told in words where it is none."""

    def read(text: str) -> int:
        if not (text.isascii() and text.isdecimal() and len(text) < 10 and least <= int(text) <= most):
            raise argparse.ArgumentTypeError(f"{text!r}: a whole number from {least} to {most}")
        return int(text)

    return read
