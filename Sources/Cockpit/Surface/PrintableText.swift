/// Text that may come from a log, a settings file, a stranger's name or a mistyped option, made safe to print.
///
/// Every command and every screen decides by `CharacterWidth.printable` what a terminal must not be sent.
extension String {
    /// The text on one line, without anything that a terminal acts on or that turns its order around.
    var printable: String {
        isPlainASCII ? self : String(String.UnicodeScalarView(unicodeScalars.map(CharacterWidth.printable)))
    }

    /// The same with its line breaks and tabs; what follows a line break starts with `indent`, so that a message cannot
    /// look like a line of its own.
    func printableLines(indent: String = "") -> String {
        if isPlainASCII { return self }
        let lines = unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            String(String.UnicodeScalarView(line.map { $0 == "\t" ? $0 : CharacterWidth.printable($0) }))
        }
        return lines.joined(separator: "\n\(indent)")
    }

    /// JSON text with what a terminal would act on written as an escape: the same document to whoever parses it.
    var printableJSON: String {
        if utf8.allSatisfy({ $0 < 0x7f }) { return self }
        var text = ""
        text.reserveCapacity(utf8.count)
        for scalar in unicodeScalars {
            if scalar.value >= 0x7f, CharacterWidth.printable(scalar) != scalar {
                for unit in String(scalar).utf16 {
                    let digits = String(unit, radix: 16)
                    text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
                }
            } else {
                text.unicodeScalars.append(scalar)
            }
        }
        return text
    }

    private var isPlainASCII: Bool { utf8.allSatisfy { (0x20..<0x7f).contains($0) } }
}
