"""Writes the lists of canonical and of compatibility mappings that Sources/Compute/Tokenizer/Text/UnicodeForm.swift reads.

Usage: python make_canonical_mappings.py      (needs `tokenizers`; run from the root of the repository)

The reference is the normaliser of the tokenizers library, asked for every scalar. Numbers are in base 36. An entry
`c=a+b` says that a and b compose to c; `c~a+b` that c decomposes so and is never composed. Hangul is left to
arithmetic. Parts that are composites themselves come before what they are part of. In the list of compatibility mappings
`c=a+b` says that c decomposes so, all the way, where canonical decomposition gives something else.
"""

from tokenizers import normalizers

TARGET = "Sources/Compute/Tokenizer/Generated/"
DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
nfc, nfd, nfkd = (kind().normalize_str for kind in (normalizers.NFC, normalizers.NFD, normalizers.NFKD))


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
    write("Canonical", ordered)
    others = [chr(value) for value in range(0xA0, 0x110000) if not 0xD800 <= value <= 0xDFFF]
    write(
        "Compatibility",
        [
            base36(ord(other)) + "=" + "+".join(base36(ord(part)) for part in nfkd(other))
            for other in others
            if nfkd(other) != nfd(other)
        ],
    )


def write(kind, items):
    lines, line = [], ""
    for item in items:
        if len(line) + len(item) + 1 > 110:
            lines.append(line)
            line = ""
        line = item if not line else line + " " + item
    lines.append(line)
    with open(f"{TARGET}{kind}Mappings.swift", "w") as out:
        out.write(f"/// {kind} mappings of Unicode scalars; made by `make_canonical_mappings.py`, not edited by hand.\n")
        out.write(f"enum {kind}MappingList {{\n")
        out.write(f"    /// Entries as `{kind}Mappings.init` reads them.\n")
        out.write('    static let text = """\n')
        for text in lines:
            out.write("        " + text + "\n")
        out.write('        """\n}\n')
    print(len(items), "entries,", len(lines), "lines")


main()
