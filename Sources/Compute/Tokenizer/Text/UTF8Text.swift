/// UTF-8 in slices of byte arrays: what every stage of encoding hands on.
///
/// The bytes come from strings and from whole scalars cut out of them, so they are always valid.
extension ArraySlice<UInt8> {
    /// The scalar that begins at `index`, and where the next one begins.
    func scalar(at index: Int) -> (scalar: Unicode.Scalar, end: Int) {
        let lead = UInt32(self[index])
        if lead < 0x80 { return (Unicode.Scalar(UInt8(lead)), index + 1) }
        let length = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4
        var value = lead & (0x7F >> UInt32(length))
        for offset in 1..<length { value = value << 6 | UInt32(self[index + offset] & 0x3F) }
        return (Unicode.Scalar(value) ?? "\u{FFFD}", index + length)
    }

    /// Where the scalar that ends before `index` begins.
    func scalarStart(before index: Int) -> Int {
        var start = index - 1
        while self[start] & 0xC0 == 0x80 { start -= 1 }
        return start
    }

    /// A copy with every occurrence of `pattern` replaced, from left to right; the slice itself where there is none.
    func replacing(_ pattern: [UInt8], with replacement: [UInt8]) -> ArraySlice<UInt8> {
        guard let first = pattern.first else { return self }
        var result: [UInt8] = []
        var copied = startIndex, index = startIndex
        while let found = self[index...].firstIndex(of: first) {
            index = found + 1
            guard self[found...].starts(with: pattern) else { continue }
            result += self[copied..<found]
            result += replacement
            index = found + pattern.count
            copied = index
        }
        if copied == startIndex { return self }
        result += self[copied...]
        return result[...]
    }
}

/// A text with the class of each of its bytes: a byte has the class of the scalar it belongs to.
struct ClassifiedText {
    let bytes: ArraySlice<UInt8>
    private let classes: [ScalarClass]

    init(_ bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
        var classes: [ScalarClass] = []
        classes.reserveCapacity(bytes.count)
        var index = bytes.startIndex
        while index < bytes.endIndex {
            let (scalar, end) = bytes.scalar(at: index)
            let kind = ScalarClass(scalar)
            for _ in index..<end { classes.append(kind) }
            index = end
        }
        self.classes = classes
    }

    var end: Int { bytes.endIndex }

    /// The class of the scalar at `index`, nil at the end.
    subscript(_ index: Int) -> ScalarClass? {
        index < bytes.endIndex ? classes[index - bytes.startIndex] : nil
    }

    /// The byte at `index`, nil at the end.
    func byte(_ index: Int) -> UInt8? { index < bytes.endIndex ? bytes[index] : nil }

    /// Where the scalar after the one at `index` begins.
    func next(_ index: Int) -> Int {
        var end = index + 1
        while end < bytes.endIndex, bytes[end] & 0xC0 == 0x80 { end += 1 }
        return end
    }

    /// The end of the run of one class that begins at `index`.
    func run(of kind: ScalarClass, from index: Int) -> Int {
        var end = index
        while self[end] == kind { end += 1 }
        return end
    }

    /// The end of the white space that begins at `index`.
    func whitespace(from index: Int) -> Int {
        var end = index
        while self[end]?.isWhitespace == true { end += 1 }
        return end
    }
}
