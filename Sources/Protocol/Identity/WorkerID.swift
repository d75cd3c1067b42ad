/// The kinds of process that a trial is made of.
package enum WorkerKind: String, Sendable, Codable, CaseIterable {
    case master
    case model

    /// The word used in worker ids and log file names.
    package var word: String {
        switch self {
        case .master: "master_worker"
        case .model: "model_worker"
        }
    }
}

/// One worker process of a trial: `master_worker/0`, `model_worker/1`.
package struct WorkerID: Hashable, Sendable, Codable, Comparable, CustomStringConvertible {
    package let kind: WorkerKind
    package let index: Int

    package init(_ kind: WorkerKind, _ index: Int) {
        self.kind = kind
        self.index = index
    }

    /// Reads the form that `description` writes; nil for anything else.
    package init?(_ text: some StringProtocol) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let kind = WorkerKind.allCases.first(where: { $0.word == parts[0] }),
            let index = Int(parts[1]), index >= 0, parts[1] == "\(index)"
        else { return nil }
        self.init(kind, index)
    }

    package static let master = WorkerID(.master, 0)

    package var description: String { "\(kind.word)/\(index)" }

    /// The name of its log file, without the extension.
    package var fileName: String { "\(kind.word)-\(index)" }

    package static func < (left: WorkerID, right: WorkerID) -> Bool {
        (left.kind == .master ? 0 : 1, left.index) < (right.kind == .master ? 0 : 1, right.index)
    }
}
