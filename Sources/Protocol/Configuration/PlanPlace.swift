/// Where a value stands in a plan, as an error names it: `setups[0].models[1].worker`; and how it is read there.
struct PlanPlace {
    private let path: String

    private init(_ path: String) { self.path = path }

    /// The plan itself.
    static let plan = PlanPlace("")

    /// A field of the message here.
    subscript(field: String) -> PlanPlace { PlanPlace(path.isEmpty ? field : "\(path).\(field)") }
    /// One of a repeated field, or of a map by its key.
    subscript(field: String, key: some CustomStringConvertible) -> PlanPlace { self["\(field)[\(key)]"] }

    var isMissing: WireError { WireError(.shape, "the plan's \(path) is missing") }

    func refusal(_ value: String, _ demand: String) -> WireError {
        WireError(.shape, "the plan's \(path) is \(value); \(demand)")
    }

    /// A text that says something.
    func text(_ value: String) throws(WireError) -> String {
        guard !value.isEmpty else { throw isMissing }
        return value
    }

    /// A number of things, or an index among things.
    func count(
        _ value: Int32, atLeast least: Int = 0, atMost most: Int = Int(Int32.max)
    ) throws(WireError) -> Int {
        guard value >= least else {
            throw refusal(value == 0 ? "0 or missing" : "\(value)", "it must be at least \(least)")
        }
        guard value <= most else { throw refusal("\(value)", "it must be at most \(most)") }
        return Int(value)
    }

    /// A probability or a share.
    func share(_ value: Double) throws(WireError) -> Double {
        guard (0...1).contains(value) else { throw refusal("\(value)", "it must be from 0 to 1") }
        return value
    }

    /// One of the words that `Word` has.
    func word<Word: RawRepresentable<String> & CaseIterable>(_ value: String) throws(WireError) -> Word {
        guard !value.isEmpty else { throw isMissing }
        guard let word = Word(rawValue: value) else {
            let words = Word.allCases.map(\.rawValue)
            throw refusal(
                "'\(value)'",
                "it must be one of \(words.joined(separator: ", ")).\(Suggestion.phrase(for: value, among: words))")
        }
        return word
    }
}

extension Int32 {
    /// What a plan holds is far below the limit; what is not becomes the limit.
    init(counted value: Int) { self.init(clamping: value) }
}
