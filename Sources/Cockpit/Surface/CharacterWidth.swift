/// How many cells a character takes.
///
/// An own table and not libc's: widths must not depend on the locale, and must be the same in tests, in SVG and on
/// the terminal.
enum CharacterWidth {
    /// 0 for combining and format characters, 2 for wide ones, else 1.
    static func cells(of scalar: Unicode.Scalar) -> Int {
        let value = scalar.value
        if value < 0x300 { return 1 }
        // The drawing characters of every frame, found without a search.
        if value >= 0x2500, value < 0x25FD || (value >= 0x2800 && value < 0x2900) { return 1 }
        if contains(value, in: zeroRanges) { return 0 }
        return contains(value, in: wideRanges) ? 2 : 1
    }

    /// What is drawn for a scalar that may come from a log file or a stranger's name: nothing that a terminal acts
    /// on. Control characters turn into their pictures, direction overrides and other invisible controls into U+FFFD.
    static func printable(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
        let value = scalar.value
        switch value {
        case 0x09:
            return " "
        case 0..<0x20:
            return Unicode.Scalar(0x2400 + value) ?? replacement
        case 0x7F:
            return "\u{2421}"
        case 0x80..<0xA0, 0x061C, 0x200E...0x200F, 0x2028...0x202E, 0x2066...0x206F, 0xFFF9...0xFFFB, 0xFFFE...0xFFFF:
            return replacement
        default:
            return scalar
        }
    }

    private static let replacement: Unicode.Scalar = "\u{FFFD}"

    private static func contains(_ value: UInt32, in ranges: [ClosedRange<UInt32>]) -> Bool {
        var low = 0
        var high = ranges.count
        while low < high {
            let middle = (low + high) / 2
            if ranges[middle].upperBound < value {
                low = middle + 1
            } else {
                high = middle
            }
        }
        return low < ranges.count && ranges[low].contains(value)
    }
}

extension String {
    /// The cells this text takes when drawn.
    var cellWidth: Int {
        unicodeScalars.reduce(0) { $0 + CharacterWidth.cells(of: CharacterWidth.printable($1)) }
    }

    /// The text cut to at most `width` cells; a cut is marked by an ellipsis in the cell where it was made.
    func fitted(to width: Int, ellipsis: Unicode.Scalar = "…", cutting cut: TextCut = .end) -> String {
        guard cellWidth > width else { return self }
        guard width > 0 else { return "" }
        switch cut {
        case .end:
            return String(scalars: Self.kept(of: unicodeScalars, width: width - 1) + [ellipsis])
        case .front:
            var kept = Self.kept(of: unicodeScalars.reversed(), width: width - 1)
            // A mark whose letter was cut would go to the ellipsis.
            while let first = kept.last, CharacterWidth.cells(of: CharacterWidth.printable(first)) == 0 {
                kept.removeLast()
            }
            return String(scalars: [ellipsis] + kept.reversed())
        }
    }

    /// As many of the scalars from the first on as `width` cells hold.
    private static func kept(of scalars: some Sequence<Unicode.Scalar>, width: Int) -> [Unicode.Scalar] {
        var kept: [Unicode.Scalar] = []
        var used = 0
        for scalar in scalars {
            let cells = CharacterWidth.cells(of: CharacterWidth.printable(scalar))
            if used + cells > width { break }
            kept.append(scalar)
            used += cells
        }
        return kept
    }

    private init(scalars: [Unicode.Scalar]) {
        var view = UnicodeScalarView()
        view.append(contentsOf: scalars)
        self.init(view)
    }

    /// The text cut or filled with blanks to exactly `width` cells.
    func padded(to width: Int, alignment: TextAlignment = .leading, ellipsis: Unicode.Scalar = "…") -> String {
        let text = fitted(to: width, ellipsis: ellipsis)
        let missing = max(0, width - text.cellWidth)
        switch alignment {
        case .leading:
            return text + String(repeating: " ", count: missing)
        case .trailing:
            return String(repeating: " ", count: missing) + text
        case .center:
            let left = missing / 2
            return String(repeating: " ", count: left) + text + String(repeating: " ", count: missing - left)
        }
    }
}

/// Which end of a text goes where there is no room for all of it: of a path the last parts tell most.
enum TextCut: Sendable {
    case front
    case end
}

/// Where text sits in a wider field.
enum TextAlignment: Sendable {
    case leading
    case center
    case trailing
}
