/// Unicode normalization form C: canonical decomposition, canonical order, canonical composition (UAX #15).
///
/// Written out because the standard library keeps its own to itself, and Foundation's differs from the standard where
/// several marks follow one another; the vocabulary was made with the standard's.
enum CanonicalComposition {
    /// The text in form C; the slice itself where nothing in it could change.
    static func compose(_ text: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        // Every scalar below U+0300 is inert; those from there on have a lead byte of at least 0xCC.
        guard text.contains(where: { $0 >= 0xCC }) else { return text }
        var composer = Composer()
        var index = text.startIndex
        while index < text.endIndex {
            let (scalar, end) = text.scalar(at: index)
            composer.append(scalar)
            index = end
        }
        return composer.finish()[...]
    }

    // Hangul syllables are composed by arithmetic (The Unicode Standard, 3.12).
    fileprivate static let syllables: ClosedRange<UInt32> = 0xAC00...0xD7A3
    fileprivate static let leads: Range<UInt32> = 0x1100..<0x1113
    fileprivate static let vowels: Range<UInt32> = 0x1161..<0x1176
    fileprivate static let tails: Range<UInt32> = 0x11A8..<0x11C3
    fileprivate static let tailCount: UInt32 = 28
}

/// Holds back one starter and the marks that follow it until the next starter is known not to join them.
private struct Composer {
    private var output: [UInt8] = []
    /// A starter, if there is one, and the marks behind it as they came.
    private var pending: [(value: UInt32, mark: UInt8)] = []
    private var isOrdered = true

    mutating func append(_ scalar: Unicode.Scalar) {
        if scalar.value < 0xC0 {
            push(scalar.value, mark: 0)
        } else if CanonicalComposition.syllables.contains(scalar.value) {
            appendSyllable(scalar.value - CanonicalComposition.syllables.lowerBound)
        } else if let parts = CanonicalMappings.shared.decompositions[scalar.value] {
            for part in parts { push(part, mark: Self.mark(part)) }
        } else {
            push(scalar.value, mark: Self.mark(scalar.value))
        }
    }

    private mutating func appendSyllable(_ index: UInt32) {
        let tailCount = CanonicalComposition.tailCount
        let block = UInt32(CanonicalComposition.vowels.count) * tailCount
        push(CanonicalComposition.leads.lowerBound + index / block, mark: 0)
        push(CanonicalComposition.vowels.lowerBound + index % block / tailCount, mark: 0)
        if index % tailCount > 0 { push(CanonicalComposition.tails.lowerBound - 1 + index % tailCount, mark: 0) }
    }

    /// Takes the next scalar of the decomposed text.
    private mutating func push(_ value: UInt32, mark: UInt8) {
        guard mark == 0 else {
            if let last = pending.last, last.mark > mark { isOrdered = false }
            return pending.append((value, mark))
        }
        composePending()
        if pending.count == 1, pending[0].mark == 0,
            let joined = Self.composition(pending[0].value, value)
        {
            pending[0].value = joined
        } else {
            flush()
            pending.append((value, 0))
        }
    }

    /// Joins the pending starter with every mark that is not blocked by one of the same or a higher class before it.
    private mutating func composePending() {
        if !isOrdered {
            // Canonical order keeps marks of one class as they came.
            pending = pending.enumerated().sorted { ($0.element.mark, $0.offset) < ($1.element.mark, $1.offset) }
                .map(\.element)
            isOrdered = true
        }
        guard pending.count > 1, pending[0].mark == 0 else { return }
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
        if CanonicalComposition.leads.contains(first), CanonicalComposition.vowels.contains(second) {
            let lead = first - CanonicalComposition.leads.lowerBound
            let vowel = second - CanonicalComposition.vowels.lowerBound
            let index = (lead * UInt32(CanonicalComposition.vowels.count) + vowel) * CanonicalComposition.tailCount
            return CanonicalComposition.syllables.lowerBound + index
        }
        if CanonicalComposition.syllables.contains(first), CanonicalComposition.tails.contains(second) {
            let index = first - CanonicalComposition.syllables.lowerBound
            guard index % CanonicalComposition.tailCount == 0 else { return nil }
            return first + second - (CanonicalComposition.tails.lowerBound - 1)
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
