package import Logging
package import Protocol

/// What runs before or after a request's main part, with all it needs to know.
package protocol RequestHook: Sendable {
    /// Its word on the wire; `pre-<kind>` and `post-<kind>` are its phases on the timeline.
    static var kind: HookKind { get }
    /// Takes its own message out of the wire's.
    init(_ wire: WireHookRequest) throws
    /// Puts its own message into the wire's.
    func write(to wire: inout WireHookRequest)
    /// What has to be done before any hook of the same flush may wait.
    func prepare(at site: any HookSite) throws
    /// - Returns: the checkpoints it has written, for the master to record.
    func run(at site: any HookSite) throws -> [SavedCheckpoint]
}

extension RequestHook {
    package func prepare(at site: any HookSite) throws {}

    package var wire: WireHookRequest {
        filled(WireHookRequest()) {
            $0.kind = Self.kind.rawValue
            write(to: &$0)
        }
    }
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
    /// Obeys what was ordered meanwhile, for a hook that waits; whether this worker has been told to leave.
    func isToldToLeave() -> Bool
    /// The model of a role in the setup that the worker is in.
    func model(of role: ModelRole) throws -> WorkerModel
}

/// The hooks a request can carry. A new one is a file beside this, its word, its message on the wire and a line here.
package enum Hooks {
    package static let all: [any RequestHook.Type] = [DataTransferHook.self, SaveHook.self]
    package static var names: [String] { all.map { $0.kind.rawValue } }

    /// The hook that a message of the wire is.
    package static func read(_ wire: WireHookRequest) throws -> any RequestHook {
        guard let type = all.first(where: { $0.kind.rawValue == wire.kind }) else {
            throw WorkerError(
                .message, "unknown hook '\(wire.kind)'.\(Suggestion.phrase(for: wire.kind, among: names))")
        }
        return try type.init(wire)
    }
}
