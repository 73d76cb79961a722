"""Lade's C++ library. Use `import lade`."""

from lade._core import random as random


arrow_major: int = 26

def library_versions() -> list[tuple[str, str]]:
    """Name and version of each library inside."""

def instruction_sets() -> list[str]:
    """
    Instruction sets that this machine has and kernels are compiled for, best first.
    """

def instruction_set() -> str:
    """The instruction set in use."""

def use_instruction_set(name: "std::basic_string_view<char, std::char_traits<char> >") -> None:
    """Uses this one from now on (`LADE_SIMD`); results do not change."""

def usable_cpus() -> int:
    """Usable CPUs: the affinity mask and the cgroup quota, at least 1."""

def default_memory_budget() -> int:
    """
    min(4 GiB, a quarter of min(cgroup limit, available memory) / local ranks).
    """
