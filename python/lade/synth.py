"""Made data with a known law: every user a pure function of specification and seed."""

import os

from lade import _core
from lade.errors import ArgumentError
from lade.limits import parse_bytes

__all__ = ["planted", "transactions", "users"]


def planted(mcc, count=None, p=None, amount=None):
    """Rows of one category, for `transactions`.

    `count`: an int or (low, high), closed, of rows per user; or `p`: a share of an
    independent mixture. `amount`: a law such as "normal(1, 1)", "lognormal(3.5, 0.7)",
    "uniform(1, 9)" or "constant(5)", also with `sign = -1` behind the numbers.
    """
    return {"mcc": _integer("planted: mcc", mcc),
            "count": "" if count is None else _range("planted: count", count),
            "p": None if p is None else float(p), "amount": amount or ""}


def transactions(users=2000, events=4096, per_day=(1, 3), mccs=100, amount=None, planted=(),
                 filler=None, extra=0, hours=None, end="2021-11-29", splits=None, seed=0,
                 first_user=0, layout="plain", *, cents=True, output=None,
                 output_format="parquet", overwrite=False, restart=False, part_users=None,
                 row_group_rows=1 << 20, threads=None, memory_budget="auto"):
    """Transaction histories: a pyarrow.Table, or files below `output`.

    Columns: user_id, time (ascending within a user), days_before_end, mcc, amount, type,
    country, currency, x0 ... Ranges are closed. A user depends on the specification, the
    seed and its number alone, so slices (`first_user`, `users`), `threads` and `part_users`
    change no row.

    Parameters
    ----------
    events, per_day
        An int or (low, high): rows of a user, rows of a day. Days are drawn until there are
        enough rows; the oldest is shortened (`layout="hppl"`: the newest).
    mccs, amount
        Categories of the default mixture, weights ~ (c + 1)**-1.1 that differ by user, each
        with a lognormal law of its own from the seed; `amount` is a law for all of them.
    planted, filler
        Entries of `planted(...)`: exact counts, the other rows being the filler, at random
        places; or shares `p`.
    hours
        24 weights of the time of day.
    splits
        {"train": 0.5, ...}: see `users`; with `output` it is a column of
        `_lade/users.parquet`.
    output, output_format, overwrite, restart
        Directory to write `part-<first_user>.parquet` (or `.arrow`, `.csv` by the format
        "ipc", "csv"), `_lade/users.parquet` and the manifest into; then a report is returned as a dict. A run that was killed is
        continued by the same call; `restart` begins anew.
    """
    spec = _specification(
        users=users, events=events, per_day=per_day, mccs=mccs, amount=amount,
        planted=planted, filler=filler, extra=extra, hours=hours, end=end, splits=splits,
        seed=seed, first_user=first_user, layout=layout, cents=cents)
    threads = 0 if threads is None else _integer("transactions: threads", threads)
    if output is None:
        if output_format != "parquet":
            raise ArgumentError("transactions: output_format needs output")
        return _core.transactions(spec, threads)
    budget = 0 if memory_budget == "auto" else parse_bytes(memory_budget, "memory_budget")
    return _core.synthesize(
        spec, os.fspath(output),
        0 if part_users is None else _integer("transactions: part_users", part_users),
        _integer("transactions: row_group_rows", row_group_rows), budget, threads,
        bool(overwrite), bool(restart), str(output_format))


def users(**arguments):
    """user_id, events and split of every user that `transactions` makes of the same
    arguments: a pyarrow.RecordBatch.

    Split sizes are by largest remainder, members by a permutation of the seed.
    """
    return _core.transaction_users(_specification(**arguments))


def _specification(**arguments):
    spec = _core.TransactionsSpec()
    for name in ("users", "mccs", "extra", "first_user", "seed"):
        if name in arguments:
            _set(spec, name, _integer(f"transactions: {name}", arguments.pop(name)))
    for name in ("events", "per_day"):
        if name in arguments:
            value = _range(f"transactions: {name}", arguments.pop(name))
            getattr(spec, f"set_{name}")(value)
    for entry in arguments.pop("planted", ()):
        spec.add_planted(**entry)
    for name, use in _OTHERS.items():
        value = arguments.pop(name, None)
        if value is not None:
            use(spec, value)
    if arguments:
        raise ArgumentError(f"transactions: no argument '{min(arguments)}'")
    return spec


def _set(spec, name, value):
    try:
        setattr(spec, name, value)
    except TypeError:
        raise ArgumentError(f"transactions: {name} is out of range, got {value!r}") from None


def _hours(spec, hours):
    spec.hours = [float(weight) for weight in hours]


def _splits(spec, splits):
    spec.splits = [(str(name), float(share)) for name, share in dict(splits).items()]


_OTHERS = {
    "amount": lambda spec, text: spec.set_amount(str(text)),
    "filler": lambda spec, entry: spec.set_filler(**entry),
    "hours": _hours,
    "end": lambda spec, date: spec.set_end(str(date)),
    "splits": _splits,
    "layout": lambda spec, word: spec.set_layout(str(word)),
    "cents": lambda spec, yes: setattr(spec, "cents", bool(yes)),
}


def _integer(what, value):
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        raise ArgumentError(f"{what} must be an integer, got {value!r}")
    return value.__index__()


def _range(what, value):
    """"1..3" of an int or a pair."""
    if isinstance(value, (tuple, list)) and len(value) == 2:
        low, high = value
        return f"{_integer(what, low)}..{_integer(what, high)}"
    return str(_integer(what, value))
