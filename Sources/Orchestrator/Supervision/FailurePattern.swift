import Protocol

/// What failures have in common: the report of a trial that is given up. Pure.
struct FailurePattern {
    /// How one attempt failed.
    struct Case: Equatable {
        var worker: WorkerID
        var cause: String
        /// The model function call it was in; empty: none.
        var mfc: String
        var step: Int
        /// Whether the memory limit of its group of processes was reached.
        var hitMemoryLimit = false
    }

    /// More of them say nothing new.
    private static let limit = 50
    private(set) var cases: [Case] = []

    mutating func add(_ new: Case) { cases = (cases + [new]).suffix(Self.limit) }

    mutating func clear() { cases = [] }

    /// A sentence; empty where there are fewer than two failures or they have nothing in common.
    var summary: String {
        guard let first = cases.first, cases.count > 1 else { return "" }
        func all<Value: Equatable>(_ path: KeyPath<Case, Value>) -> Bool {
            cases.allSatisfy { $0[keyPath: path] == first[keyPath: path] }
        }
        var parts: [String] = []
        if all(\.cause) { parts.append(all(\.worker) ? "\(first.worker) \(first.cause)" : "a worker \(first.cause)") }
        if all(\.mfc), !first.mfc.isEmpty { parts.append("in \(first.mfc)") }
        if all(\.step), first.step > 0 { parts.append("at step \(first.step)") }
        if cases.allSatisfy(\.hitMemoryLimit) { parts.append("with the memory limit reached") }
        return parts.isEmpty ? "" : "each of the last \(cases.count) attempts: \(parts.joined(separator: ", "))"
    }
}
