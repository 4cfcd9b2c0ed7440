"""Running `elmed` inside the test's own transaction, in a folder of the test's own."""

from dataclasses import dataclass

import pytest

from elmed.cli.main import main


@dataclass
class Ran:
    """What a command answered."""

    code: int
    out: str
    err: str


@pytest.fixture
def elmed(capsys):
    """Run a command; argparse's exit counts as its code."""

    def run(*arguments: object) -> Ran:
        capsys.readouterr()
        try:
            code = main([str(argument) for argument in arguments])
        except SystemExit as end:
            code = int(end.code or 0)
        read = capsys.readouterr()
        assert "Traceback" not in read.err
        return Ran(code, read.out, read.err)

    return run


@pytest.fixture
def data(settings, tmp_path):
    """A fresh ELMED_DATA."""
    settings.DATA_DIR = tmp_path
    settings.SEALING_KEYS_DIR = tmp_path / "sealing-keys"
    settings.SECOND_FACTOR_KEYS_FILE, settings.SECOND_FACTOR_KEYS = tmp_path / "second-factor-keys", ""
    settings.EMAIL_FILE_PATH = tmp_path / "mail"
    return tmp_path
