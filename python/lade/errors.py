"""The three errors of Lade. They pickle with all their fields."""


class ArgumentError(ValueError):
    """The caller broke a documented rule."""


class DataError(Exception):
    """The bytes are not what their format promises.

    `source`, `offset` (bytes), `row`, `column`, `rule` and `value` say where and what;
    what is not known is None.
    """

    def __init__(self, message, source=None, offset=None, row=None, column=None, rule=None,
                 value=None):
        super().__init__(message)
        self.source = source
        self.offset = offset
        self.row = row
        self.column = column
        self.rule = rule
        self.value = value

    @property
    def place(self):
        """Where it is, as a mapping of what is known."""
        fields = {"source": self.source, "offset": self.offset, "row": self.row,
                  "column": self.column}
        return {name: value for name, value in fields.items() if value is not None}

    def __reduce__(self):
        return (type(self), (self.args[0],), self.__dict__)


class IoError(OSError):
    """The operating system or a remote store refused; `errno` and `filename` say what."""

    def __init__(self, errno, strerror, filename=None):
        super().__init__(errno, strerror, filename)

    def __str__(self):
        return self.strerror  # C++ has put path and reason into it


# What a user sees is where it is documented: lade.DataError, not lade.errors.DataError.
for _error in (ArgumentError, DataError, IoError):
    _error.__module__ = "lade"
