#!/usr/bin/env python3
"""Compares python/lade/_core.pyi with what nanobind makes of the installed lade._core.

`--write` puts the new text in place: the change of the interface is then a change of text.
Needs nanobind's stub generator, which is a file without dependencies.
"""
import argparse
import difflib
import importlib.util
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
PINNED = ROOT / "python" / "lade" / "_core.pyi"


def stubgen_file():
    for python in (sys.executable, ROOT / ".venv" / "bin" / "python"):
        found = subprocess.run(
            [python, "-c", "import nanobind, os; print(os.path.dirname(nanobind.__file__))"],
            capture_output=True, text=True)
        if found.returncode == 0:
            return pathlib.Path(found.stdout.strip()) / "stubgen.py"
    sys.exit("check_stubs: no nanobind; run script/bootstrap")


def stubs_of_installed():
    import lade

    spec = importlib.util.spec_from_file_location("stubgen", stubgen_file())
    stubgen = importlib.util.module_from_spec(spec)
    sys.modules["stubgen"] = stubgen
    spec.loader.exec_module(stubgen)
    generator = stubgen.StubGen(module=lade._core, recursive=False)
    generator.put(lade._core)
    return generator.get()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true")
    new = stubs_of_installed()
    if parser.parse_args().write:
        PINNED.write_text(new)
        return 0
    old = PINNED.read_text()
    sys.stdout.writelines(difflib.unified_diff(
        old.splitlines(True), new.splitlines(True), "python/lade/_core.pyi", "installed"))
    print("stubs: ok" if old == new else "stubs differ: tools/check_stubs.py --write")
    return old != new


if __name__ == "__main__":
    sys.exit(main())
