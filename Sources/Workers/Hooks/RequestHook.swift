package import Logging
package import Protocol

/// What runs before or after a request's main part.
package protocol RequestHook {
    static var kind: HookKind { get }
    /// Runs on `site`; what it leaves for the master goes into `reply`.
    func run(_ hook: WireHookRequest, for request: WireRequest, on site: any HookSite, reply: inout WireReply) throws
}

/// What a hook finds on the worker it runs on.
package protocol HookSite: AnyObject {
    /// nil on a worker that is alone.
    var dataManager: DataManager? { get }
    var storage: SampleStorage { get }
    var logger: Logger { get }
    var progress: WorkerProgress { get }
    /// What may be saved from another thread at the same time.
    var wholeSteps: WholeSteps { get }
    /// The model of a role in a setup.
    func model(forRole role: String, setup: UInt64) throws -> WorkerModel
    /// The setup's evaluation with the weights as they are.
    func evaluate(step: UInt64, setup: UInt64) throws -> [Metric]
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
