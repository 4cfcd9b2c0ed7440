"""The benchmarks' rows have every column that ELMED's own tables have: whoever adds one learns it here, not at the next measurement."""

import pytest
from benchmarks.data.copying import check_columns
from benchmarks.data.make import COLUMNS


@pytest.mark.parametrize("model", COLUMNS, ids=lambda model: model.__name__)
def test_the_builders_know_every_column(model):
    check_columns(model, COLUMNS[model])


def test_one_that_is_not_known_stops_the_run():
    model, columns = next(iter(COLUMNS.items()))
    with pytest.raises(SystemExit, match="other columns"):
        check_columns(model, columns[1:])
