package import Protocol

/// The one place that knows how requests look on the wire.
extension Request {
    /// The word for what is asked.
    package var handle: RequestHandle {
        switch body {
        case .spec: .spec
        case .fetch: .fetch
        case .describe: .modelConfig
        case .clear: .clearDataCache
        case .initialize: .initialize
        case .call(let call): call.type.handle
        case .side: .empty
        case .save: .save
        case .flush: .flush
        case .reset: .reset
        }
    }

    /// - Throws: `WorkerError` for a request or hook of another kind than this version knows.
    package init(_ wire: WireRequest) throws {
        guard let handle = RequestHandle(rawValue: wire.handleName) else {
            let names = RequestHandle.allCases.map(\.rawValue)
            let hint = Suggestion.phrase(for: wire.handleName, among: names)
            throw WorkerError(.message, "unknown request '\(wire.handleName)'.\(hint)")
        }
        guard let setup = Int(exactly: wire.setup) else {
            throw WorkerError(.message, "the plan has no setup \(wire.setup)")
        }
        self.init(
            id: RequestID(wire.id), setup: setup, step: wire.step, try Self.body(handle, wire))
    }

    private static func body(_ handle: RequestHandle, _ wire: WireRequest) throws -> Body {
        switch handle {
        case .spec: .spec
        case .fetch: .fetch
        case .modelConfig: .describe(wire.model)
        case .clearDataCache: .clear(wire.ids)
        case .initialize: .initialize(wire.model, Initialization(wire.initialize))
        case .generate: .call(try call(.generate, wire))
        case .inference: .call(try call(.inference, wire))
        case .trainStep: .call(try call(.trainStep, wire))
        case .evaluate: .call(try call(.evaluate, wire))
        case .empty: .side(wire.mfc, preHooks: try wire.preHooks.map(Hooks.read))
        case .save: .save(try save(wire))
        case .flush: .flush
        case .reset: .reset
        }
    }

    private static func call(_ type: InterfaceType, _ wire: WireRequest) throws -> CallRequest {
        CallRequest(
            mfc: wire.mfc, type: type, ids: wire.ids, preHooks: try wire.preHooks.map(Hooks.read),
            postHooks: try wire.postHooks.map(Hooks.read))
    }

    private static func save(_ wire: WireRequest) throws -> SaveHook {
        let hooks = try wire.postHooks.map(Hooks.read)
        guard hooks.count == 1, let save = hooks.first as? SaveHook else {
            throw WorkerError(.message, "a save request does not say what to save")
        }
        return save
    }

    package var wire: WireRequest {
        WireRequest.make {
            $0.id = id.description
            $0.handleName = handle.rawValue
            $0.step = step
            $0.setup = UInt64(setup)
            $0.mfc = mfc ?? ""
            $0.preHooks = preHooks.map(\.wire)
            $0.postHooks = postHooks.map(\.wire)
            switch body {
            case .clear(let ids): $0.ids = ids
            case .call(let call): $0.ids = call.ids
            case .describe(let model): $0.model = model
            case .initialize(let model, let initialization):
                $0.model = model
                $0.initialize = initialization.wire
            default: break
            }
        }
    }
}

extension InterfaceType {
    /// The word for the request that runs it.
    fileprivate var handle: RequestHandle {
        switch self {
        case .generate: .generate
        case .inference: .inference
        case .trainStep: .trainStep
        case .evaluate: .evaluate
        }
    }
}

extension WireRequest {
    fileprivate var model: ModelName {
        get { ModelName(ModelRole(role), replica: Int(replica)) }
        set {
            role = newValue.role.description
            replica = UInt32(newValue.replica)
        }
    }
}

extension Initialization {
    fileprivate init(_ wire: WireInitializeRequest) {
        let weights: Weights =
            switch (wire.recoverPath, wire.weightsPath) {
            case ("", ""): .random
            case ("", let path): .loaded(from: path)
            case (let path, _): .recovered(from: path)
            }
        self.init(totalUpdates: Int(clamping: wire.totalSteps), weights: weights)
    }

    fileprivate var wire: WireInitializeRequest {
        filled(WireInitializeRequest()) {
            $0.totalSteps = UInt64(totalUpdates)
            switch weights {
            case .random: break
            case .loaded(let path): $0.weightsPath = path
            case .recovered(let path): $0.recoverPath = path
            }
        }
    }
}
