#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes lade/features/case_table.inc: the simple one-to-one case mappings of Unicode.

A row is {first, last, step, delta}: code points first, first + step, ... last map to
themselves plus delta. From Python's unicodedata (its Unicode version is in the first line).
"""
import pathlib
import sys
import unicodedata


def lower(point):
    if point == 0x130:  # its simple mapping; str.lower gives two code points
        return 0x69
    mapped = chr(point).lower()
    return ord(mapped) if len(mapped) == 1 else point


def upper(point):
    for mapped in (chr(point).upper(), chr(point).title()):
        if len(mapped) == 1:
            return ord(mapped)
    return point


def rows(mapping):
    pairs = [(p, mapping(p) - p) for p in range(0x80, sys.maxunicode + 1)
             if not 0xD800 <= p <= 0xDFFF and mapping(p) != p]
    found = []
    for point, delta in pairs:
        if found:
            first, last, step, known = found[-1]
            gap = point - last
            if delta == known and gap in (1, 2) and (step in (0, gap)):
                found[-1] = (first, point, gap, delta)
                continue
        found.append((point, point, 0, delta))
    return found


def main():
    out = [f"// Made by tools/make_case_table.py from Unicode {unicodedata.unidata_version}."]
    for name, mapping in (("kLower", lower), ("kUpper", upper)):
        table = rows(mapping)
        out.append(f"constexpr std::array<CaseRange, {len(table)}> {name} = {{{{")
        out += [f"    {{0x{a:X}, 0x{b:X}, {max(s, 1)}, {d}}}," for a, b, s, d in table]
        out.append("}};")
    target = pathlib.Path(__file__).resolve().parents[1] / "lade/features/case_table.inc"
    target.write_text("\n".join(out) + "\n", encoding="ascii")


if __name__ == "__main__":
    main()
