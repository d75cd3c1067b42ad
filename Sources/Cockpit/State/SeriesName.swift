/// What a series is called where room is short.
enum SeriesName {
    /// The last part of a key: `reward` of `grpo_actor/reward`.
    static func last(of key: String) -> String {
        guard let slash = key.utf8.lastIndex(of: UInt8(ascii: "/")) else { return key }
        let name = key[key.index(after: slash)...]
        return name.isEmpty ? key.split(separator: "/").last.map(String.init) ?? key : String(name)
    }

    /// The last part where no other of `keys` has the same, else the whole key.
    static func short(_ key: String, among keys: [String]) -> String {
        let name = last(of: key)
        return isOnly(name, among: keys) ? name : key
    }

    /// The whole key where it fits; else as many of its last parts as do, as long as no other of `keys` ends so.
    static func fitted(_ key: String, among keys: [String], to width: Int) -> String {
        var rest = Substring(key)
        while String(rest).cellWidth > width, let slash = rest.firstIndex(of: "/") {
            rest = rest[rest.index(after: slash)...]
        }
        let name = String(rest)
        return name == key || !name.isEmpty && isOnly(name, among: keys) ? name : short(key, among: keys)
    }

    private static func isOnly(_ name: String, among keys: [String]) -> Bool {
        // Asked for each chart of each frame, of a run that may have thousands of series.
        let end = "/\(name)"
        var same = 0
        for other in keys where other == name || other.hasSuffix(end) {
            same += 1
            if same > 1 { return false }
        }
        return true
    }
}
