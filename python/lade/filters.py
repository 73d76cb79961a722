"""`lade.col` and filters: which events a dataset keeps. All of it becomes an expression."""

import datetime
import decimal
import math

import numpy as np

from lade.errors import ArgumentError

_OPERATORS = {"=": "==", "==": "==", "!=": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">=",
              "in": "in", "not in": "not in"}


def _name(name):
    if not isinstance(name, str):
        raise ArgumentError(f"filters: a column is named by a text, got {name!r}")
    return "`" + name.replace("`", "``") + "`"


def _value(value):
    """A value as an expression writes it."""
    if isinstance(value, Expression):
        return value._operand
    if isinstance(value, np.datetime64):
        return f"'{np.datetime_as_string(value)}'"
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, decimal.Decimal)):
        return str(value)
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ArgumentError(f"filters: a value must be finite, got {value!r}; "
                                "use is_null() to look for missing values")
        return repr(value)
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    if isinstance(value, (datetime.datetime, datetime.date)):
        return f"'{value.isoformat()}'"
    raise ArgumentError("filters: a value must be a number, a text, a date or time, got "
                        f"{type(value).__name__}")


def _members(values):
    if isinstance(values, str) or not hasattr(values, "__iter__"):
        raise ArgumentError(f"filters: in needs a list of values, got {values!r}")
    # In one order, whatever a set's: the text is part of the dataset's fingerprint.
    return sorted({_value(value) for value in values})


def _compare(left, op, value):
    if value is None:
        if op not in ("==", "!="):
            raise ArgumentError(f"filters: None can only be compared by == and !=, got {op}")
        return Expression(f"{left} is null" if op == "==" else f"{left} is not null")
    return Expression(f"{left} {op} {_value(value)}")


def _within(left, op, values):
    members = _members(values)
    if members:
        return Expression(f"{left} {op} ({', '.join(members)})")
    # Nothing is in an empty list, and everything that is not null is not in it.
    null = f"{left} is null and {left} is not null" if op == "in" else f"{left} is not null"
    return Expression(null)


class Expression:
    """An expression over columns: `(lade.col("amount") > 0) & lade.col("mcc").isin([5411])`.

    Comparisons give conditions, joined by `&`, `|` and `~`. A null compares as false.
    """

    __slots__ = ("text", "_whole")
    __hash__ = None

    def __init__(self, text, whole=False):
        self.text = text
        self._whole = whole  # needs no parentheses beside an operator

    def __bool__(self):
        raise ArgumentError("filters: join conditions with & | ~ in parentheses, not with "
                            "and, or, not; a < x < b is (a < x) & (x < b)")

    def __eq__(self, other):
        return _compare(self._operand, "==", other)

    def __ne__(self, other):
        return _compare(self._operand, "!=", other)

    def __lt__(self, other):
        return _compare(self._operand, "<", other)

    def __le__(self, other):
        return _compare(self._operand, "<=", other)

    def __gt__(self, other):
        return _compare(self._operand, ">", other)

    def __ge__(self, other):
        return _compare(self._operand, ">=", other)

    @property
    def _operand(self):
        return self.text if self._whole else f"({self.text})"

    def _arithmetic(self, op, other, swap=False):
        pair = (self._operand, _value(other))
        if swap:
            pair = pair[::-1]
        return Expression(f"({pair[0]} {op} {pair[1]})", whole=True)

    def __add__(self, other):
        return self._arithmetic("+", other)

    def __radd__(self, other):
        return self._arithmetic("+", other, swap=True)

    def __sub__(self, other):
        return self._arithmetic("-", other)

    def __rsub__(self, other):
        return self._arithmetic("-", other, swap=True)

    def __mul__(self, other):
        return self._arithmetic("*", other)

    def __rmul__(self, other):
        return self._arithmetic("*", other, swap=True)

    def __truediv__(self, other):
        return self._arithmetic("/", other)

    def __rtruediv__(self, other):
        return self._arithmetic("/", other, swap=True)

    def __and__(self, other):
        return Expression(f"({self.text}) and ({_condition(other)})")

    def __or__(self, other):
        return Expression(f"({self.text}) or ({_condition(other)})")

    def __invert__(self):
        return Expression(f"not ({self.text})")

    def isin(self, values):
        """True where the value is one of these."""
        return _within(self._operand, "in", values)

    def between(self, low, high):
        """True in [low, high], both ends included."""
        return Expression(f"{self._operand} between {_value(low)} and {_value(high)}")

    def is_null(self):
        return Expression(f"{self._operand} is null")

    def is_not_null(self):
        return Expression(f"{self._operand} is not null")

    def __repr__(self):
        return f"<lade.col expression: {self.text}>"


def _condition(other):
    if not isinstance(other, Expression):
        raise ArgumentError("filters: & and | join conditions such as lade.col('a') > 0, got "
                            f"{other!r}; put each comparison in parentheses")
    return other.text


def col(name):
    """A column of the data in an expression: `lade.col("amount") > 0`."""
    return Expression(_name(name), whole=True)


def _triple(part):
    if isinstance(part, Expression):
        return part
    if not isinstance(part, (tuple, list)) or len(part) != 3:
        raise ArgumentError('filters: a filter is (column, operator, value) such as '
                            f'("amount", ">", 0), got {part!r}')
    name, op, value = part
    if op not in _OPERATORS:
        raise ArgumentError(f"filters: an operator is one of {', '.join(_OPERATORS)}, "
                            f"got {op!r}")
    op = _OPERATORS[op]
    column = _name(name)
    return _within(column, op, value) if "in" in op else _compare(column, op, value)


def _all_of(parts):
    texts = [_triple(part).text for part in parts]
    if not texts:
        raise ArgumentError("filters: an inner list must hold at least one filter")
    return " and ".join(texts if len(texts) == 1 else [f"({text})" for text in texts])


def filter_text(filters):
    """The condition that `filters` stands for, None for no filter.

    A list of (column, operator, value) means all of them, a list of lists one of those
    lists; a `lade.col` expression or the text of one is taken as it is.
    """
    if filters is None or isinstance(filters, str):
        return filters
    if isinstance(filters, Expression):
        return filters.text
    if not isinstance(filters, (list, tuple)):
        raise ArgumentError("filters: must be a list, a lade.col expression or its text, got "
                            f"{type(filters).__name__}")
    if not filters:
        return None
    if isinstance(filters[0], list):
        lists = [_all_of(part) if isinstance(part, list) else _triple(part).text
                 for part in filters]
        return " or ".join(lists if len(lists) == 1 else [f"({text})" for text in lists])
    return _all_of(filters)
