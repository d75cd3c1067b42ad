internal import Protocol

/// Reads the values of a `config.json`. Every refusal names the file and the key, and a likely slip of the hand.
///
/// A key that is `null` counts as absent, as in `transformers`. A reader may stand inside a section of the file; its
/// keys are then named with the section's, `rope_parameters.factor`.
package struct ConfigurationReader {
    /// The file, for errors.
    let path: String
    private let members: [JSONMember]
    /// Sections around this one, each with its dot.
    private let section: String

    /// Opens the text of a whole file; throws `damagedFile` unless it is a JSON object.
    package init(json text: [UInt8], path: String) throws(ComputeError) {
        let root: JSONValue
        do { root = try JSONParser.parse(text) } catch { throw ComputeError.damaged(path, error.text) }
        guard let members = root.asMembers else { throw ComputeError.damaged(path, "is not a JSON object") }
        self.init(path: path, members: members, section: "")
    }

    private init(path: String, members: [JSONMember], section: String) {
        self.path = path
        self.members = members
        self.section = section
    }

    /// The value of a key, nil where it is absent or null.
    subscript(key: String) -> JSONValue? {
        members.first { $0.name == key && $0.value != .null }?.value
    }

    /// The section of that name, nil where it is absent, null or empty.
    func section(_ key: String) throws(ComputeError) -> ConfigurationReader? {
        guard let value = self[key] else { return nil }
        guard let members = value.asMembers else { throw wrongType(key, value, "an object") }
        return members.isEmpty ? nil : ConfigurationReader(path: path, members: members, section: "\(section)\(key).")
    }

    /// Everything that is read from here.
    var document: JSONValue { .object(members) }

    /// Number of keys.
    var count: Int { members.count }

    /// The first key that holds an object, for files that nest what this version reads flat.
    var firstNestedKey: String? { members.first { $0.value.asMembers != nil }?.name }
}

// MARK: - Values

extension ConfigurationReader {
    /// Sizes beyond this would overflow when two are multiplied with a count of layers; the spec's limits are lower.
    private static let sizes = 1...(1 << 24)

    /// A size under its key or under one of the family's other spellings.
    func size(_ key: String, or spellings: String...) throws(ComputeError) -> Int {
        for name in [key] + spellings {
            if let size = try optionalSize(name) { return size }
        }
        throw missing(key)
    }

    /// A size, nil where the file leaves it to the family's rule.
    func optionalSize(_ key: String) throws(ComputeError) -> Int? {
        guard let value = self[key] else { return nil }
        guard let number = value.asInt else { throw wrongType(key, value, "an integer") }
        guard Self.sizes.contains(number) else {
            throw damaged("\(section)\(key) is \(number) and must be from 1 to \(Self.sizes.upperBound)")
        }
        return number
    }

    /// A finite number, nil where it is absent.
    func number(_ key: String) throws(ComputeError) -> Double? {
        guard let value = self[key] else { return nil }
        guard let number = value.asDouble else { throw wrongType(key, value, "a number") }
        return number
    }

    /// A finite number that a float holds, or what the family assumes without one.
    func float(_ key: String, default assumed: Float) throws(ComputeError) -> Float {
        guard let number = try number(key) else { return assumed }
        guard Float(number).isFinite else { throw damaged("\(section)\(key) is \(number), beyond 32 bits") }
        return Float(number)
    }

    /// A finite number that must be there.
    func requiredNumber(_ key: String) throws(ComputeError) -> Double {
        guard let number = try number(key) else { throw missing(key) }
        return number
    }

    /// A Boolean, or what the family assumes without one.
    func flag(_ key: String, default assumed: Bool) throws(ComputeError) -> Bool {
        guard let value = self[key] else { return assumed }
        guard let flag = value.asBool else { throw wrongType(key, value, "true or false") }
        return flag
    }

    /// A word, nil where it is absent.
    func word(_ key: String) throws(ComputeError) -> String? {
        guard let value = self[key] else { return nil }
        guard let word = value.asString else { throw wrongType(key, value, "a string") }
        return word
    }

    /// A list of words, nil where it is absent.
    func words(_ key: String) throws(ComputeError) -> [String]? {
        guard let value = self[key] else { return nil }
        let words = value.asArray?.compactMap(\.asString)
        guard let words, words.count == value.asArray?.count else { throw wrongType(key, value, "a list of strings") }
        return words
    }

    /// One token or a list of them; empty where the file has none.
    func tokens(_ key: String) throws(ComputeError) -> [Int32] {
        guard let value = self[key] else { return [] }
        let values = value.asArray ?? [value]
        let tokens = values.compactMap { $0.asInt.flatMap(Int32.init(exactly:)) }
        guard tokens.count == values.count else { throw wrongType(key, value, "a token or a list of tokens") }
        return tokens
    }
}

// MARK: - Conditions

extension ConfigurationReader {
    /// Refuses a model unless the key has one of the words; the first is assumed where the key is absent.
    func require(_ key: String, oneOf known: [String]) throws(ComputeError) {
        guard let word = try word(key), !known.contains(word) else { return }
        throw unknown(key, word, among: known)
    }

    /// Refuses a model whose flag is not `value`, which is also assumed where the key is absent.
    func require(_ key: String, _ value: Bool) throws(ComputeError) {
        if try flag(key, default: value) != value {
            throw unsupported("\(section)\(key) \(!value)", because: "Only \(value) is computed here.")
        }
    }

    /// Refuses a file two of whose sizes contradict each other.
    func requireMultiple(
        _ dividend: (key: String, size: Int), of divisor: (key: String, size: Int)
    ) throws(ComputeError) {
        guard dividend.size % divisor.size != 0 else { return }
        throw damaged("\(dividend.key) \(dividend.size) is not a multiple of \(divisor.key) \(divisor.size)")
    }
}

// MARK: - Refusals

extension ConfigurationReader {
    /// A file that contradicts itself or its format; `reason` begins with the key.
    func damaged(_ reason: String) -> ComputeError {
        ComputeError(
            .damagedFile, summary: ComputeError.damaged(path, reason).summary, detail: path,
            hint: "Correct the file, or choose another model.")
    }

    /// A model that is described well and cannot be run; `what` begins with the key.
    func unsupported(_ what: String, because reason: String) -> ComputeError {
        ComputeError(
            .unsupportedModel, summary: "This version cannot run a model with \(what).", detail: "\(path): \(reason)",
            hint: "Choose a model of a family that this version runs as it is.")
    }

    /// A word that is none of those this version knows.
    func unknown(_ key: String, _ word: String, among known: [String]) -> ComputeError {
        // A word of any length may stand in a file, and edits are counted letter by letter.
        let hint = word.utf8.count <= Self.longestWord ? Suggestion.phrase(for: word, among: known) : ""
        return unsupported(
            "\(section)\(key) '\(word.prefix(Self.longestWord))'",
            because: "Known are \(known.joined(separator: ", ")).\(hint)")
    }

    private static let longestWord = 64

    private func missing(_ key: String) -> ComputeError {
        let names = members.map(\.name).filter { $0.utf8.count <= Self.longestWord }
        let hint = Suggestion.phrase(for: key, among: names)
        return damaged("\(section)\(key) is missing\(hint.isEmpty ? "" : "." + hint)")
    }

    private func wrongType(_ key: String, _ value: JSONValue, _ expected: String) -> ComputeError {
        let text = value.compactText
        let shown = text.utf8.count > 40 ? "\(text.prefix(40))…" : text
        return damaged("\(section)\(key) is \(shown) and must be \(expected)")
    }
}
