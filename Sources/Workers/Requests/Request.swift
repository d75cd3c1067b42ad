package import Protocol

/// The id of a request, which its reply carries; unique in the trial.
package struct RequestID: Hashable, Sendable, CustomStringConvertible {
    package let description: String
    package init(_ description: String) { self.description = description }
}

/// One request of the master to a model worker.
package struct Request: Sendable {
    package let id: RequestID
    /// Index of the setup it belongs to.
    package let setup: Int
    /// The trial-wide step it belongs to.
    package let step: UInt64
    package let body: Body

    package init(id: RequestID, setup: Int, step: UInt64, _ body: Body) {
        self.id = id
        self.setup = setup
        self.step = step
        self.body = body
    }

    /// What is asked.
    package enum Body: Sendable {
        /// Open the dataset.
        case spec
        /// Bring the next items of the dataset.
        case fetch
        /// Describe a model's shape.
        case describe(ModelName)
        /// Drop items that have left the graph. Not answered.
        case clear([SequenceID])
        /// Make a model with its first weights.
        case initialize(ModelName, Initialization)
        case call(CallRequest)
        /// Take part in the pre-hooks of a call that another worker runs.
        case side(MFCName, preHooks: [any RequestHook])
        case save(SaveHook)
        /// Run everything that is held. Not answered.
        case flush
        /// There is no more work. Not answered.
        case reset
    }
}

/// One execution of a model function call.
package struct CallRequest: Sendable {
    package let mfc: MFCName
    package let type: InterfaceType
    /// The batch, in order; empty for an evaluation, which reads its own rows.
    package let ids: [SequenceID]
    package let preHooks: [any RequestHook]
    package let postHooks: [any RequestHook]

    package init(
        _ call: ModelFunctionCall, ids: [SequenceID] = [], preHooks: [any RequestHook] = [],
        postHooks: [any RequestHook] = []
    ) {
        self.init(mfc: call.name, type: call.interfaceType, ids: ids, preHooks: preHooks, postHooks: postHooks)
    }

    package init(
        mfc: MFCName, type: InterfaceType, ids: [SequenceID] = [], preHooks: [any RequestHook] = [],
        postHooks: [any RequestHook] = []
    ) {
        self.mfc = mfc
        self.type = type
        self.ids = ids
        self.preHooks = preHooks
        self.postHooks = postHooks
    }
}

extension Request {
    /// Whether it waits for a flush; all others are answered as soon as they are read.
    package var isHeld: Bool {
        switch body {
        case .initialize, .call, .side, .save: true
        case .spec, .fetch, .describe, .clear, .flush, .reset: false
        }
    }

    /// The call it is about.
    package var mfc: MFCName? {
        switch body {
        case .call(let call): call.mfc
        case .side(let mfc, _): mfc
        default: nil
        }
    }

    package var preHooks: [any RequestHook] {
        switch body {
        case .call(let call): call.preHooks
        case .side(_, let hooks): hooks
        default: []
        }
    }

    package var postHooks: [any RequestHook] {
        switch body {
        case .call(let call): call.postHooks
        case .save(let hook): [hook]
        default: []
        }
    }
}

extension Request: Equatable {
    /// Equal requests are equal on the wire.
    package static func == (left: Request, right: Request) -> Bool { left.wire == right.wire }
}
