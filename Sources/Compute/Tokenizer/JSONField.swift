/// A JSON value with the file and key it came from, so that every refusal can name them.
struct JSONField {
    let value: JSONValue
    /// Where the value stands, such as `model.vocab`; empty for the whole file.
    let key: String
    let file: String

    init(_ value: JSONValue, key: String, file: String) {
        self.value = value
        self.key = key
        self.file = file
    }

    /// The content of a whole file.
    init(parsing bytes: [UInt8], file: String) throws(ComputeError) {
        do { value = try JSONParser.parse(bytes) } catch { throw ComputeError.damaged(file, error.text) }
        key = ""
        self.file = file
    }

    /// A refusal of this value; `reason` follows its key.
    func fault(_ reason: String) -> ComputeError {
        ComputeError.damaged(file, key.isEmpty ? reason : "\(key) \(reason)")
    }

    /// A refusal of what is well-formed but beyond this version.
    func unsupported(_ reason: String) -> ComputeError {
        ComputeError.damaged(
            file, key.isEmpty ? reason : "\(key) \(reason)",
            hint:
                "The file is whole, but this version does not read such tokenizers: take a model whose tokenizer it reads."
        )
    }

    /// A member, or nil where it is absent or null.
    subscript(_ name: String) -> JSONField? {
        guard let member = value[name], member != .null else { return nil }
        return JSONField(member, key: key.isEmpty ? name : key + "." + name, file: file)
    }

    /// A member that must be there.
    func required(_ name: String) throws(ComputeError) -> JSONField {
        guard value.asMembers != nil else { throw fault("is no object") }
        guard let member = self[name] else { throw fault("has no '\(name)'") }
        return member
    }

    func string() throws(ComputeError) -> String {
        guard let text = value.asString else { throw fault("is no text") }
        return text
    }

    func integer(below limit: Int = .max) throws(ComputeError) -> Int {
        guard let number = value.asInt, number >= 0, number < limit else {
            throw fault(limit == .max ? "is no count" : "is no whole number below \(limit)")
        }
        return number
    }

    func elements() throws(ComputeError) -> [JSONField] {
        guard let values = value.asArray else { throw fault("is no list") }
        return values.enumerated().map { JSONField($1, key: "\(key)[\($0)]", file: file) }
    }

    /// A Boolean member; absent and null mean `absent`.
    func flag(_ name: String, absent: Bool) throws(ComputeError) -> Bool {
        guard let member = self[name] else { return absent }
        guard let flag = member.value.asBool else { throw member.fault("is neither true nor false") }
        return flag
    }

    /// The name of the kind of step an object describes.
    func type() throws(ComputeError) -> String { try required("type").string() }

    /// The steps of an optional member: none, one, or those of a `Sequence` under `list`, nested ones included.
    func steps(_ name: String, list: String) throws(ComputeError) -> [JSONField] {
        guard let member = self[name] else { return [] }
        return try member.flattened(list)
    }

    private func flattened(_ list: String) throws(ComputeError) -> [JSONField] {
        guard try type() == "Sequence" else { return [self] }
        var steps: [JSONField] = []
        for element in try required(list).elements() { steps += try element.flattened(list) }
        return steps
    }
}
