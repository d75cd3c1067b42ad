/// What a series is called where room is short.
enum SeriesName {
    /// The last part of a key: `reward` of `grpo_actor/reward`.
    static func last(of key: String) -> String { key.split(separator: "/").last.map(String.init) ?? key }

    /// The last part where no other of `keys` has the same, else the whole key.
    static func short(_ key: String, among keys: [String]) -> String {
        let name = last(of: key)
        return keys.count { last(of: $0) == name } > 1 ? key : name
    }
}
