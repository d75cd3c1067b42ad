internal import Foundation

/// A regular expression of a `tokenizer.json`, for those that no scanner here is written for.
///
/// It is matched by ICU, through Foundation. The files are written for Oniguruma, in whose syntax `^` and `$` stand at
/// line ends always and only a line feed ends a line; the options say so.
struct RegularExpression: Sendable {
    let text: String
    private let expression: NSRegularExpression

    /// Longer ones are damage, and compiling them takes memory without end.
    private static let longest = 1 << 14

    /// Reads `{"String": …}` or `{"Regex": …}`.
    /// - Throws: `damagedFile` for what the engine does not understand.
    init(_ field: JSONField) throws(ComputeError) {
        if let literal = field["String"] {
            let text = try literal.string()
            self = try Self.compiled(NSRegularExpression.escapedPattern(for: text), literal)
        } else {
            let regex = try field.required("Regex")
            self = try Self.compiled(try regex.string(), regex)
        }
    }

    private static func compiled(_ text: String, _ field: JSONField) throws(ComputeError) -> RegularExpression {
        guard text.utf8.count <= longest else { throw field.fault("has \(text.utf8.count) bytes; \(longest) are read") }
        do {
            let options: NSRegularExpression.Options = [.anchorsMatchLines, .useUnixLineSeparators]
            return RegularExpression(text: text, expression: try NSRegularExpression(pattern: text, options: options))
        } catch {
            throw field.fault("'\(text.prefix(200))' is no regular expression that is understood here")
        }
    }

    private init(text: String, expression: NSRegularExpression) {
        self.text = text
        self.expression = expression
    }

    /// Where it matches, from left to right; matches may be empty.
    /// - Throws: `Exhausted` where the engine gives up, as it does when a match needs too many steps back.
    func matches(in text: ArraySlice<UInt8>) throws(Exhausted) -> [Range<Int>] {
        let string = String(decoding: text, as: UTF8.self)
        let places = Self.isASCII(text) ? nil : Self.places(of: text)
        var found: [Range<Int>] = []
        var isExhausted = false
        let whole = NSRange(location: 0, length: places.map { $0.count - 1 } ?? text.count)
        expression.enumerateMatches(in: string, options: .reportCompletion, range: whole) { match, flags, _ in
            if flags.contains(.internalError) { isExhausted = true }
            guard let range = match?.range else { return }
            let start = text.startIndex
            if let places {
                found.append(start + places[range.location]..<start + places[range.location + range.length])
            } else {
                found.append(start + range.location..<start + range.location + range.length)
            }
        }
        if isExhausted { throw Exhausted() }
        return found
    }

    /// The engine gave up on a text.
    struct Exhausted: Error {}

    private static func isASCII(_ text: ArraySlice<UInt8>) -> Bool { text.allSatisfy { $0 < 0x80 } }

    /// Where each UTF-16 unit begins in the bytes; the second unit of a pair lies where the scalar ends.
    private static func places(of text: ArraySlice<UInt8>) -> [Int] {
        var places: [Int] = []
        places.reserveCapacity(text.count + 1)
        var index = text.startIndex
        while index < text.endIndex {
            places.append(index - text.startIndex)
            let (scalar, end) = text.scalar(at: index)
            if scalar.value > 0xFFFF { places.append(end - text.startIndex) }
            index = end
        }
        places.append(text.count)
        return places
    }
}
