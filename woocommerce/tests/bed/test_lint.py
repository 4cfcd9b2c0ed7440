"""The lint compiles whole files and runs nothing of them."""

import pytest
from woocommerce.tests.lint.versions import Lint, here


def judge(tmp_path, code: str) -> Lint:
    """One file, linted by this machine's PHP."""
    (tmp_path / "one.php").write_text(code)
    return here(tmp_path)


def test_a_good_file_is_compiled_and_not_run(tmp_path):
    found = judge(
        tmp_path,
        f"<?php\ndeclare(strict_types=1);\n\nnamespace A\\B;\n\nuse C\\D;\n\nfile_put_contents('{tmp_path}/ran', '');\n"
        "final class E extends D { public function f(): ?int { return null; } }\n",
    )
    assert found.good and found.files == 1
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    "code",
    [
        "<?php\nfunction f( {\n",
        "<?php\nnamespace A;\nclass B { abstract function c(); }\n",
        "<?php\nnamespace A;\nfunction f($a, $a) {}\n",
        "<?php\nnamespace A;\nfunction f($a = 1, $b) {}\n",  # deprecated, told at compile time
        "\n<?php\necho 1;\n",
    ],
)
def test_a_bad_one_is_refused_by_name(tmp_path, code):
    found = judge(tmp_path, code)
    assert not found.good
    assert "one.php" in found.words


def test_an_empty_folder_is_not_a_success(tmp_path):
    assert not here(tmp_path).good
