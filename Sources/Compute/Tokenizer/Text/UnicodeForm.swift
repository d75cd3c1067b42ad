/// A Unicode normalization form: decomposition, canonical order, and canonical composition in the composed ones
/// (UAX #15).
///
/// Written out because the standard library keeps its own to itself, and Foundation's differs from the standard where
/// several marks follow one another; the vocabulary was made with the standard's.
enum UnicodeForm: String {
    case nfc = "NFC"
    case nfd = "NFD"
    case nfkc = "NFKC"
    case nfkd = "NFKD"

    /// The text in this form; the slice itself where nothing in it could change.
    func apply(_ text: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        let first = firstLead
        guard text.contains(where: { $0 >= first }) else { return text }
        var composer = Composer(form: self)
        var index = text.startIndex
        while index < text.endIndex {
            let (scalar, end) = text.scalar(at: index)
            composer.append(scalar)
            index = end
        }
        return composer.finish()[...]
    }

    /// Scalars whose first byte is lower are as they are in this form: those below U+0300, U+00C0 and U+0080.
    private var firstLead: UInt8 {
        switch self {
        case .nfc: 0xCC
        case .nfd: 0xC3
        case .nfkc, .nfkd: 0xC2
        }
    }

    fileprivate var composes: Bool { self == .nfc || self == .nfkc }
    fileprivate var isCompatible: Bool { self == .nfkc || self == .nfkd }

    // Hangul syllables are composed by arithmetic (The Unicode Standard, 3.12).
    fileprivate static let syllables: ClosedRange<UInt32> = 0xAC00...0xD7A3
    fileprivate static let leads: Range<UInt32> = 0x1100..<0x1113
    fileprivate static let vowels: Range<UInt32> = 0x1161..<0x1176
    fileprivate static let tails: Range<UInt32> = 0x11A8..<0x11C3
    fileprivate static let tailCount: UInt32 = 28
}

/// Holds back one starter and the marks that follow it until the next starter is known not to join them.
private struct Composer {
    let form: UnicodeForm
    private var output: [UInt8] = []
    /// A starter, if there is one, and the marks behind it as they came.
    private var pending: [(value: UInt32, mark: UInt8)] = []
    private var isOrdered = true

    init(form: UnicodeForm) { self.form = form }

    mutating func append(_ scalar: Unicode.Scalar) {
        if scalar.value < 0xA0 {
            push(scalar.value, mark: 0)
        } else if form.isCompatible, let parts = CompatibilityMappings.shared.decompositions[scalar.value] {
            for part in parts { push(part, mark: Self.mark(part)) }
        } else if UnicodeForm.syllables.contains(scalar.value) {
            appendSyllable(scalar.value - UnicodeForm.syllables.lowerBound)
        } else if let parts = CanonicalMappings.shared.decompositions[scalar.value] {
            for part in parts { push(part, mark: Self.mark(part)) }
        } else {
            push(scalar.value, mark: Self.mark(scalar.value))
        }
    }

    private mutating func appendSyllable(_ index: UInt32) {
        let tailCount = UnicodeForm.tailCount
        let block = UInt32(UnicodeForm.vowels.count) * tailCount
        push(UnicodeForm.leads.lowerBound + index / block, mark: 0)
        push(UnicodeForm.vowels.lowerBound + index % block / tailCount, mark: 0)
        if index % tailCount > 0 { push(UnicodeForm.tails.lowerBound - 1 + index % tailCount, mark: 0) }
    }

    /// Takes the next scalar of the decomposed text.
    private mutating func push(_ value: UInt32, mark: UInt8) {
        guard mark == 0 else {
            if let last = pending.last, last.mark > mark { isOrdered = false }
            return pending.append((value, mark))
        }
        composePending()
        if form.composes, pending.count == 1, pending[0].mark == 0,
            let joined = Self.composition(pending[0].value, value)
        {
            pending[0].value = joined
        } else {
            flush()
            pending.append((value, 0))
        }
    }

    /// Puts the marks in order and, in a composed form, joins the pending starter with every mark that is not blocked by
    /// one of the same or a higher class before it.
    private mutating func composePending() {
        if !isOrdered {
            // Canonical order keeps marks of one class as they came.
            pending = pending.enumerated().sorted { ($0.element.mark, $0.offset) < ($1.element.mark, $1.offset) }
                .map(\.element)
            isOrdered = true
        }
        guard form.composes, pending.count > 1, pending[0].mark == 0 else { return }
        var kept = [pending[0]], lastMark: UInt8 = 0
        for entry in pending.dropFirst() {
            if kept.count == 1 || lastMark < entry.mark,
                let joined = Self.composition(kept[0].value, entry.value)
            {
                kept[0].value = joined
            } else {
                kept.append(entry)
                lastMark = entry.mark
            }
        }
        pending = kept
    }

    private mutating func flush() {
        for entry in pending {
            if let scalar = Unicode.Scalar(entry.value), let encoded = UTF8.encode(scalar) { output += encoded }
        }
        pending.removeAll(keepingCapacity: true)
    }

    mutating func finish() -> [UInt8] {
        composePending()
        flush()
        return output
    }

    private static func mark(_ value: UInt32) -> UInt8 {
        guard value >= 0x300, let scalar = Unicode.Scalar(value) else { return 0 }
        return scalar.properties.canonicalCombiningClass.rawValue
    }

    private static func composition(_ first: UInt32, _ second: UInt32) -> UInt32? {
        if UnicodeForm.leads.contains(first), UnicodeForm.vowels.contains(second) {
            let lead = first - UnicodeForm.leads.lowerBound
            let vowel = second - UnicodeForm.vowels.lowerBound
            let index = (lead * UInt32(UnicodeForm.vowels.count) + vowel) * UnicodeForm.tailCount
            return UnicodeForm.syllables.lowerBound + index
        }
        if UnicodeForm.syllables.contains(first), UnicodeForm.tails.contains(second) {
            let index = first - UnicodeForm.syllables.lowerBound
            guard index % UnicodeForm.tailCount == 0 else { return nil }
            return first + second - (UnicodeForm.tails.lowerBound - 1)
        }
        return CanonicalMappings.shared.compositions[UInt64(first) << 32 | UInt64(second)]
    }
}

/// Canonical decompositions and compositions of single scalars, from the generated list.
struct CanonicalMappings {
    /// The full decomposition of a scalar, Hangul left out.
    let decompositions: [UInt32: [UInt32]]
    /// What a pair, first scalar in the upper half, composes to.
    let compositions: [UInt64: UInt32]

    static let shared = CanonicalMappings(CanonicalMappingList.text)

    /// Reads lines of entries `composite=first+second…`; a `~` instead of the `=` marks those that never are composed.
    init(_ text: String) {
        var full: [UInt32: [UInt32]] = [:], pairs: [UInt64: UInt32] = [:]
        // Parts come before the composites they are part of, so that a pair's first is known when it is met.
        for entry in text.split(whereSeparator: { $0 == " " || $0 == "\n" }) {
            let sides = entry.split { $0 == "=" || $0 == "~" }
            let parts = sides[1].split(separator: "+").compactMap { UInt32($0, radix: 36) }
            guard let composite = UInt32(sides[0], radix: 36), let last = parts.last else { continue }
            if entry.contains("="), let first = parts.first {
                pairs[UInt64(first) << 32 | UInt64(last)] = composite
            }
            full[composite] = parts.flatMap { full[$0] ?? [$0] }
        }
        decompositions = full
        compositions = pairs
    }
}

/// Compatibility decompositions of single scalars, where they differ from the canonical ones, from the generated list.
struct CompatibilityMappings {
    let decompositions: [UInt32: [UInt32]]

    static let shared = CompatibilityMappings(CompatibilityMappingList.text)

    /// Reads lines of entries `scalar=first+second…`, each decomposed all the way.
    init(_ text: String) {
        var found: [UInt32: [UInt32]] = [:]
        for entry in text.split(whereSeparator: { $0 == " " || $0 == "\n" }) {
            let sides = entry.split(separator: "=")
            guard sides.count == 2, let scalar = UInt32(sides[0], radix: 36) else { continue }
            found[scalar] = sides[1].split(separator: "+").compactMap { UInt32($0, radix: 36) }
        }
        decompositions = found
    }
}
