"""Lade's C++ library. Use `import lade`."""

from collections.abc import Sequence
from typing import Annotated, overload

import numpy
from numpy.typing import NDArray


arrow_major: int = 26

def library_versions() -> list[tuple[str, str]]:
    """Name and version of each library inside."""

def instruction_sets() -> list[str]:
    """
    Instruction sets that this machine has and kernels are compiled for, best first.
    """

def instruction_set() -> str:
    """The instruction set in use."""

def use_instruction_set(name: str) -> None:
    """Uses this one from now on (`LADE_SIMD`); results do not change."""

def usable_cpus() -> int:
    """Usable CPUs: the affinity mask and the cgroup quota, at least 1."""

def default_memory_budget() -> int:
    """
    min(4 GiB, a quarter of min(cgroup limit, available memory) / local ranks).
    """

def mix64(z: int) -> int:
    """The 64-bit finaliser."""

def key(*args) -> int:
    """Hash of a list of numbers; signed ones enter as two's complement."""

def draw(k: int, i: int) -> int:
    """Number i of the sequence of key k."""

def below(k: int, i: int, n: int) -> int:
    """A number in 0..n-1: the high 64 bits of draw(k, i) * n."""

def unit(bits: int) -> float:
    """The unit interval [0, 1) in steps of 2^-53."""

class Permutation:
    """A pseudo-random permutation of 0..n-1 in constant memory."""

    def __init__(self, n: int, k: int) -> None: ...

    def __len__(self) -> int: ...

    def __call__(self, i: int) -> int:
        """The item at position i."""

    def inverse(self, x: int) -> int:
        """The position of item x."""

def limit_names() -> list[str]:
    """Names of all limits."""

def parse_bytes(text: str, what: str) -> int:
    """Bytes from "65536", "64MiB", "2GiB"."""

class Limits:
    """Bounds on what a file may claim."""

    def __init__(self) -> None: ...

    def get(self, arg: str, /) -> int: ...

    def set(self, arg0: str, arg1: int, /) -> None: ...

class ReadReport:
    """What reading gave and what it did not."""

    @property
    def rows_seen(self) -> int: ...

    @property
    def rows_given(self) -> int: ...

    @property
    def rows_filtered(self) -> int: ...

    @property
    def rows_out_of_order(self) -> int: ...

    @property
    def unverified_pages(self) -> int: ...

    @property
    def nulls_made(self) -> int: ...

    @property
    def unproven_end(self) -> bool: ...

    @property
    def dropped(self) -> dict: ...

    @property
    def first_bad(self) -> list: ...

class OpenOptions:
    """Options of open."""

    def __init__(self) -> None: ...

    @property
    def entity(self) -> str: ...

    @entity.setter
    def entity(self, arg: str, /) -> None: ...

    @property
    def time(self) -> str: ...

    @time.setter
    def time(self, arg: str, /) -> None: ...

    @property
    def columns(self) -> list[str] | None: ...

    @columns.setter
    def columns(self, arg: Sequence[str] | None, /) -> None: ...

    @property
    def layout(self) -> str: ...

    @layout.setter
    def layout(self, arg: str, /) -> None: ...

    @property
    def schema(self) -> str: ...

    @schema.setter
    def schema(self, arg: str, /) -> None: ...

    @property
    def manifest(self) -> str: ...

    @manifest.setter
    def manifest(self, arg: str, /) -> None: ...

    @property
    def fingerprint(self) -> str: ...

    @fingerprint.setter
    def fingerprint(self, arg: str, /) -> None: ...

    @property
    def cache_dir(self) -> str: ...

    @cache_dir.setter
    def cache_dir(self, arg: str, /) -> None: ...

    @property
    def memory_budget(self) -> int: ...

    @memory_budget.setter
    def memory_budget(self, arg: int, /) -> None: ...

    @property
    def threads(self) -> int: ...

    @threads.setter
    def threads(self, arg: int, /) -> None: ...

    @property
    def limits(self) -> Limits: ...

    @limits.setter
    def limits(self, arg: Limits, /) -> None: ...

    def source_of(self, arg: Recipe, /) -> None: ...

    def set_filter(self, arg: str, /) -> None: ...

    def policy(self, arg0: str, arg1: str, /) -> None: ...

    def max_bad_count(self, arg: int, /) -> None: ...

    def max_bad_fraction(self, arg: float, /) -> None: ...

class Dataset:
    """Files of events and their index. Shared, immutable."""

    @property
    def schema(self) -> object: ...

    @property
    def entity(self) -> str: ...

    @property
    def time(self) -> str: ...

    @property
    def sequences(self) -> int: ...

    @property
    def events(self) -> int: ...

    @property
    def row_groups(self) -> int: ...

    @property
    def files(self) -> list[str]: ...

    @property
    def unsupported(self) -> dict: ...

    @property
    def warnings(self) -> list[str]: ...

    @property
    def in_memory(self) -> bool: ...

    @property
    def fingerprint(self) -> str: ...

    @property
    def report(self) -> ReadReport: ...

    def decoded_bytes(self, columns: Sequence[str]) -> int: ...

    def length(self, s: int) -> int: ...

    def lengths(self) -> object:
        """Events of every sequence, i64."""

    def sequence_info(self, s: int) -> dict: ...

    def sequence(self, s: int, columns: Sequence[str] | None = None) -> object:
        """
        One whole sequence as a pyarrow.RecordBatch that shares the cache's memory.
        """

    def split_units(self, seed: int) -> object:
        """The number in [0, 1) that decides the part of each entity."""

    def time_split(self, cuts: Sequence[str], purge: str) -> list[str]:
        """Filters of the parts by time."""

    def filtered(self, text: str, sequences: Annotated[NDArray[numpy.int64], dict(shape=(None,), order='C', device='cpu', writable=False)] | None) -> Dataset:
        """The events of a dataset in memory for which a condition is true."""

def same_entities(part: Dataset, whole: Dataset, sequences: Annotated[NDArray[numpy.int64], dict(shape=(None,), order='C', device='cpu', writable=False)]) -> object:
    """Numbers in `part` of the entities that have these numbers in `whole`."""

def open(paths: Sequence[str], options: OpenOptions) -> Dataset:
    """Opens files, directories and globs."""

def from_table(table: object, options: OpenOptions) -> Dataset:
    """A dataset over Arrow data in memory."""

class Recipe:
    """A checked recipe. A value; copies share."""

    @staticmethod
    def from_toml(text: str, source: str, limits: Limits) -> Recipe: ...

    @staticmethod
    def from_json(text: str, source: str, limits: Limits) -> Recipe: ...

    @staticmethod
    def from_file(path: str, limits: Limits) -> Recipe: ...

    def to_json(self) -> str:
        """Canonical JSON, fitted parts included."""

    def save(self, path: str, overwrite: bool) -> None: ...

    @property
    def hash(self) -> str: ...

    @property
    def fitted(self) -> bool: ...

    def unseen_values(self) -> list[str]: ...

    @property
    def loader_arguments(self) -> dict[str, str]: ...

    @property
    def numbers(self) -> list[str]: ...

    @property
    def categories(self) -> list[str]: ...

    @property
    def targets(self) -> list[str]: ...

    def cardinality(self, name: str) -> int:
        """Largest id of a fitted category + 1."""

    def decode(self, name: str, id: int) -> str:
        """Text of an id of a fitted category."""

    def fit(self, dataset: Dataset, sequences: Annotated[NDArray[numpy.int64], dict(shape=(None,), order='C', device='cpu', writable=False)] | None) -> Recipe: ...

    def apply(self, dataset: Dataset, threads: int = 0) -> tuple: ...

    def apply_to(self, dataset: Dataset, directory: str, threads: int, overwrite: bool, output_format: str) -> dict: ...

    def explain(self, dataset: Dataset | None) -> str: ...

    def picture(self, dataset: Dataset, of: str, targets: Sequence[str], html: bool) -> str: ...

def default_recipe(dataset: Dataset) -> Recipe:
    """All numeric columns as `numerical`, all text columns as `categorical`."""

@overload
def target_family(spec: str, codes: Sequence[tuple[str, int]], integers: bool) -> str:
    """Targets of a family as JSON, from codes and their rows."""

@overload
def target_family(spec: str, dataset: Dataset, sequences: Annotated[NDArray[numpy.int64], dict(shape=(None,), order='C', device='cpu', writable=False)] | None) -> str:
    """The same from the codes of a dataset."""

def convert(paths: Sequence[str], target: str, options: OpenOptions, row_group_rows: int, page_bytes: int, overwrite: bool, dry_run: bool, refresh: bool) -> dict:
    """Files to a dataset sorted by entity and time."""

def with_recipe(options: OpenOptions, recipe: Recipe) -> OpenOptions:
    """Options with what a recipe says filled in."""

class LoaderOptions:
    """Options of a Loader."""

    def __init__(self) -> None: ...

    def shard(self, arg0: int, arg1: int, arg2: int, arg3: bool, arg4: bool, /) -> None: ...

    @property
    def seed(self) -> int: ...

    @seed.setter
    def seed(self, arg: int, /) -> None: ...

    @property
    def num_workers(self) -> int: ...

    @num_workers.setter
    def num_workers(self, arg: int, /) -> None: ...

    @property
    def prefetch_factor(self) -> int: ...

    @prefetch_factor.setter
    def prefetch_factor(self, arg: int, /) -> None: ...

    @property
    def memory_budget(self) -> int: ...

    @memory_budget.setter
    def memory_budget(self, arg: int, /) -> None: ...

    def set_digest(self, arg: str, /) -> None: ...

    def set_timeout(self, arg: float, /) -> None: ...

    def plan(self, arg0: Sequence[tuple[str, str]], arg1: int, arg2: Sequence[int], arg3: bool, arg4: int, arg5: str, arg6: bool, arg7: bool, /) -> None: ...

class SampleChoice:
    """Which samples, in which order."""

    def __init__(self) -> None: ...

    @property
    def shuffle(self) -> str: ...

    @shuffle.setter
    def shuffle(self, arg: str, /) -> None: ...

    @property
    def seed(self) -> int: ...

    @seed.setter
    def seed(self, arg: int, /) -> None: ...

    @property
    def fraction(self) -> float: ...

    @fraction.setter
    def fraction(self, arg: float, /) -> None: ...

    @property
    def bucket_window(self) -> int: ...

    @bucket_window.setter
    def bucket_window(self, arg: int, /) -> None: ...

    def set_slices(self, arg0: int, arg1: int, arg2: int, arg3: bool, /) -> None: ...

    def set_samples(self, arg: Annotated[NDArray[numpy.int64], dict(shape=(None,), order='C', device='cpu', writable=False)], /) -> None: ...

    def set_sequences(self, arg: Annotated[NDArray[numpy.int64], dict(shape=(None,), order='C', device='cpu', writable=False)], /) -> None: ...

    def set_order(self, arg: Annotated[NDArray[numpy.int64], dict(shape=(None,), order='C', device='cpu', writable=False)], /) -> None: ...

class Batch:
    """Named dense arrays in one slab."""

    @property
    def rows(self) -> int: ...

    @property
    def epoch(self) -> int: ...

    @property
    def step(self) -> int: ...

    @property
    def nbytes(self) -> int: ...

    def content_digest(self) -> int: ...

    def arrays(self) -> list:
        """(name, type, array) of each; every array keeps the whole slab alive."""

class LoaderIterator:
    """Ordered batches of one epoch."""

    def next(self) -> Batch | None:
        """The next batch, None at the end and ever after."""

    @property
    def step(self) -> int: ...

    def close(self) -> None: ...

class Loader:
    """dataset x recipe x sampler -> ordered batches."""

    def begin_epoch(self) -> LoaderIterator: ...

    def set_epoch(self, epoch: int) -> None: ...

    @property
    def next_epoch(self) -> int: ...

    def steps(self) -> int: ...

    def batch_at(self, epoch: int, step: int) -> Batch: ...

    def where_seen(self, sample_id: int, epoch: int) -> list[tuple[int, int, int]]: ...

    def state(self) -> str: ...

    def restore(self, state: str, verify: str, strict: bool) -> None: ...

    def digest(self) -> int: ...

    def stats(self) -> dict: ...

    def explain(self) -> str: ...

    def warnings(self) -> list[str]: ...

    def close(self) -> None: ...

def make_loader(dataset: Dataset, recipe: Recipe, choice: SampleChoice, options: LoaderOptions) -> Loader: ...

class TransactionsSpec:
    """What transactions are made of."""

    def __init__(self) -> None: ...

    @property
    def users(self) -> int: ...

    @users.setter
    def users(self, arg: int, /) -> None: ...

    @property
    def first_user(self) -> int: ...

    @first_user.setter
    def first_user(self, arg: int, /) -> None: ...

    @property
    def mccs(self) -> int: ...

    @mccs.setter
    def mccs(self, arg: int, /) -> None: ...

    @property
    def extra(self) -> int: ...

    @extra.setter
    def extra(self, arg: int, /) -> None: ...

    @property
    def hours(self) -> list[float]: ...

    @hours.setter
    def hours(self, arg: Sequence[float], /) -> None: ...

    @property
    def splits(self) -> list[tuple[str, float]]: ...

    @splits.setter
    def splits(self, arg: Sequence[tuple[str, float]], /) -> None: ...

    @property
    def seed(self) -> int: ...

    @seed.setter
    def seed(self, arg: int, /) -> None: ...

    @property
    def cents(self) -> bool: ...

    @cents.setter
    def cents(self, arg: bool, /) -> None: ...

    def set_events(self, arg: str, /) -> None: ...

    def set_per_day(self, arg: str, /) -> None: ...

    def set_amount(self, arg: str, /) -> None: ...

    def set_end(self, arg: str, /) -> None: ...

    def set_layout(self, arg: str, /) -> None: ...

    def add_planted(self, mcc: int, count: str, p: object | None, amount: str) -> None: ...

    def set_filler(self, mcc: int, count: str, p: object | None, amount: str) -> None: ...

    def to_json(self) -> str: ...

def transactions(spec: TransactionsSpec, threads: int) -> object:
    """All rows of a specification."""

def transaction_users(spec: TransactionsSpec) -> object:
    """user_id, events, split of every user."""

def synthesize(spec: TransactionsSpec, directory: str, part_users: int, row_group_rows: int, memory_budget: int, threads: int, overwrite: bool, restart: bool, output_format: str) -> dict:
    """Made transactions as parts with a manifest."""
