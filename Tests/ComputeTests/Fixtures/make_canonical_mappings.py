"""Writes the list of canonical mappings that Sources/Compute/Tokenizer/Text/CanonicalComposition.swift reads.

Usage: python make_canonical_mappings.py      (needs `tokenizers`; run from the root of the repository)

The reference is the normaliser of the tokenizers library, asked for every scalar. Numbers are in base 36. An entry
`c=a+b` says that a and b compose to c; `c~a+b` that c decomposes so and is never composed. Hangul is left to
arithmetic. Parts that are composites themselves come before what they are part of.
"""

from tokenizers import normalizers

TARGET = "Sources/Compute/Tokenizer/Generated/CanonicalMappings.swift"
DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
nfc, nfd = normalizers.NFC().normalize_str, normalizers.NFD().normalize_str


def base36(number):
    text = ""
    while number:
        number, digit = divmod(number, 36)
        text = DIGITS[digit] + text
    return text or "0"


def entry(character):
    full = nfd(character)
    if nfc(character) == character:
        first = nfc(full[:-1])
        assert len(first) == 1, character
        return "=", [first, full[-1]]
    return "~", list(full)


def main():
    entries = {}
    for value in range(0xC0, 0x110000):
        if 0xAC00 <= value <= 0xD7A3 or 0xD800 <= value <= 0xDFFF:
            continue
        character = chr(value)
        if nfd(character) != character:
            entries[character] = entry(character)
    ordered, done = [], set()

    def visit(character):
        if character in done or character not in entries:
            return
        done.add(character)
        sign, parts = entries[character]
        for part in parts:
            visit(part)
        ordered.append(base36(ord(character)) + sign + "+".join(base36(ord(part)) for part in parts))

    for character in entries:
        visit(character)
    lines, line = [], ""
    for item in ordered:
        if len(line) + len(item) + 1 > 110:
            lines.append(line)
            line = ""
        line = item if not line else line + " " + item
    lines.append(line)
    with open(TARGET, "w") as out:
        out.write("/// Canonical mappings of Unicode scalars; made by `make_canonical_mappings.py`, not edited by hand.\n")
        out.write("enum CanonicalMappingList {\n")
        out.write("    /// Entries as `CanonicalMappings.init` reads them.\n")
        out.write('    static let text = """\n')
        for text in lines:
            out.write("        " + text + "\n")
        out.write('        """\n}\n')
    print(len(ordered), "entries,", len(lines), "lines")


main()
