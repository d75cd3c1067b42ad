import Foundation

/// The two lists of a buffer event as JSON, so that SQL can take them apart.
enum BufferText {
    static func ready(_ ready: [String: UInt64]) -> String {
        if ready.isEmpty { return "{}" }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        // A dictionary of strings and numbers always has a JSON form.
        let bounded = ready.mapValues { Int64(clamping: $0) }
        return (try? encoder.encode(bounded)).map { String(decoding: $0, as: UTF8.self) } ?? "{}"
    }

    /// What `ready` wrote; empty when it is damaged.
    static func ready(_ text: String) -> [String: Int] {
        (try? JSONDecoder().decode([String: Int].self, from: Data(text.utf8))) ?? [:]
    }

    static func staleness(_ counts: [UInt64]) -> String {
        "[\(counts.map { "\(Int64(clamping: $0))" }.joined(separator: ","))]"
    }

    static func staleness(_ text: String) -> [Int] {
        text.dropFirst().dropLast().split(separator: ",").compactMap { Int($0) }
    }
}
