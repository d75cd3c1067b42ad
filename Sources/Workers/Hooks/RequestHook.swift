package import Protocol

/// What runs before or after a request's main part.
package protocol RequestHook {
    static var kind: HookKind { get }
    /// Runs on `worker`; what it leaves for the master goes into `reply`.
    func run(_ hook: WireHookRequest, for request: WireRequest, on worker: ModelExecutor, reply: inout WireReply) throws
}

/// The hooks a request can carry. A new one is a file beside this and a line here.
package enum Hooks {
    package static var all: [any RequestHook] { [DataTransferHook(), SaveHook(), EvaluateHook()] }
    package static var names: [String] { all.map { type(of: $0).kind.rawValue } }

    package static func find(_ kind: String) throws -> any RequestHook {
        guard let found = all.first(where: { type(of: $0).kind.rawValue == kind }) else {
            throw WorkerError(.message, "unknown hook '\(kind)'.\(Suggestion.phrase(for: kind, among: names))")
        }
        return found
    }
}
