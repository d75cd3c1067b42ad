/// What becomes of the matches of a pattern that cuts a text: the `behavior` of a pre-tokenizer.
enum SplitRule: String {
    case removed = "Removed"
    case isolated = "Isolated"
    case mergedWithPrevious = "MergedWithPrevious"
    case mergedWithNext = "MergedWithNext"
    case contiguous = "Contiguous"

    /// Reads the member `behavior`.
    init(_ field: JSONField, absent: SplitRule? = nil) throws(ComputeError) {
        guard let behavior = field["behavior"] else {
            guard let absent else { throw field.fault("has no 'behavior'") }
            self = absent
            return
        }
        guard let known = SplitRule(rawValue: try behavior.string()) else {
            throw behavior.fault("is not Removed, Isolated, MergedWithPrevious, MergedWithNext or Contiguous")
        }
        self = known
    }

    /// The parts that are left of a text, given the matches in it and what lies between them, in order, without gaps.
    func apply(_ segments: [Segment]) -> [Range<Int>] {
        switch self {
        case .isolated: return segments.map(\.range)
        case .removed: return segments.filter { !$0.isMatch }.map(\.range)
        case .contiguous: return Self.joined(segments) { $0.isMatch == $1.isMatch }
        case .mergedWithPrevious: return Self.joined(segments) { !$0.isMatch && $1.isMatch }
        case .mergedWithNext:
            // From the end, as the library does it: of several matches in a row the last goes with what follows.
            return Self.joined(segments.reversed()) { !$0.isMatch && $1.isMatch }.reversed()
        }
    }

    /// A match, or what lies between two.
    struct Segment {
        let range: Range<Int>
        let isMatch: Bool
    }

    private static func joined(
        _ segments: some Sequence<Segment>, _ joins: (_ before: Segment, _ next: Segment) -> Bool
    ) -> [Range<Int>] {
        var parts: [Range<Int>] = [], before: Segment?
        for segment in segments {
            if let last = parts.last, let before, joins(before, segment) {
                parts[parts.count - 1] =
                    min(last.lowerBound, segment.range.lowerBound)..<max(last.upperBound, segment.range.upperBound)
            } else {
                parts.append(segment.range)
            }
            before = segment
        }
        return parts
    }

    /// Matches and what lies between them; with `inverted` each takes the other's place.
    static func segments(_ matches: [Range<Int>], of text: ArraySlice<UInt8>, inverted: Bool = false) -> [Segment] {
        var segments: [Segment] = [], end = text.startIndex
        for match in matches {
            if match.lowerBound > end { segments.append(Segment(range: end..<match.lowerBound, isMatch: inverted)) }
            segments.append(Segment(range: match, isMatch: !inverted))
            end = match.upperBound
        }
        if end < text.endIndex { segments.append(Segment(range: end..<text.endIndex, isMatch: inverted)) }
        return segments
    }
}
