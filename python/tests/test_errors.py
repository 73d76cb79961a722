"""The three errors at the border: type, fields, text, pickling."""

import copy
import errno
import os
import pickle

import pytest

import lade


def test_data_error_of_the_cut_excerpt_names_its_line(bank_csv):
    with pytest.raises(lade.DataError) as caught:
        lade.open(bank_csv, entity="account_id", time="date",
                  source={"delimiter": ";", "dates": {"date": "%y%m%d"}})
    error = caught.value
    assert error.row == 49104
    assert error.source.endswith("trans.csv")
    assert error.rule.startswith("csv.")
    assert "49104" in str(error)
    assert error.place["row"] == 49104


@pytest.mark.parametrize("through", [lambda e: pickle.loads(pickle.dumps(e)), copy.copy])
def test_data_error_keeps_all_fields(through):
    error = lade.DataError("text", "file", 5, 6, "column", "csv.rule", "value")
    error.add_note("worker 3")
    again = through(error)
    assert type(again) is lade.DataError and str(again) == "text"
    for field in ("source", "offset", "row", "column", "rule", "value"):
        assert getattr(again, field) == getattr(error, field)
    assert again.__notes__ == ["worker 3"]


def test_io_error_is_an_os_error_and_pickles(tmp_path):
    with pytest.raises(lade.IoError) as caught:
        lade.open(str(tmp_path / "absent.parquet"), entity="a", time="b")
    error = caught.value
    assert isinstance(error, OSError) and error.errno == errno.ENOENT
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is lade.IoError
    assert (again.errno, again.filename, str(again)) == (
        error.errno, error.filename, str(error))
    assert os.path.basename(error.filename) == "absent.parquet"


def test_argument_error_is_a_value_error_and_pickles():
    with pytest.raises(ValueError) as caught:
        lade.Permutation(-1, 0)
    again = pickle.loads(pickle.dumps(caught.value))
    assert type(again) is lade.ArgumentError and str(again) == str(caught.value)


def test_errors_are_named_where_users_find_them():
    for name in ("ArgumentError", "DataError", "IoError"):
        assert getattr(lade, name).__module__ == "lade"
