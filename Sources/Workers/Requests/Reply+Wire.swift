package import Protocol

/// The one place that knows how replies look on the wire.
extension WorkerMessage {
    /// - Throws: `WorkerError` for a message of an unknown kind, `WireError` for a sample that makes no sense.
    package init(_ wire: WireReply) throws {
        guard let kind = ReplyKind(rawValue: wire.kind) else {
            throw WorkerError(.message, "unknown reply '\(wire.kind)'")
        }
        guard let body = try Self.body(kind, wire) else {
            self = .joined(worker: Int(wire.worker))
            return
        }
        var reply = Reply(to: RequestID(wire.requestID), from: Int(wire.worker), body)
        reply.times = wire.times.map { PhaseTime($0.name, seconds: $0.seconds) }
        reply.saved = wire.saved.map {
            SavedCheckpoint(role: ModelRole($0.role), step: $0.step, path: $0.path, bytes: $0.bytes)
        }
        self = .reply(reply)
    }

    /// nil for a message that answers nothing.
    private static func body(_ kind: ReplyKind, _ wire: WireReply) throws -> Reply.Body? {
        switch kind {
        case .joined: nil
        case .dataset:
            .dataset(
                DatasetFacts(rows: Int(clamping: wire.dataset.size), skipped: Int(clamping: wire.dataset.skippedRows)))
        case .items: .items(FetchedItems(try wire.sample.sample(), births: wire.birthTimes))
        case .model: .model(wire.model.hasShape ? ModelShape(wire.model.shape) : nil)
        case .initialized: .initialized(WeightVersion(wire.weightVersion))
        case .called:
            .called(
                CallOutcome(
                    outputs: wire.hasSample ? try wire.sample.sample() : nil, statistics: wire.metrics,
                    weightVersion: WeightVersion(wire.weightVersion)))
        case .evaluated: .evaluated(wire.metrics)
        case .done: .done
        case .failed: .failed(wire.error, wire.lasting ? .lasting : .passing)
        }
    }

    package var wire: WireReply {
        switch self {
        case .joined(let worker):
            WireReply.make {
                $0.kind = ReplyKind.joined.rawValue
                $0.worker = UInt32(worker)
            }
        case .reply(let reply): reply.wire
        }
    }
}

extension Reply {
    fileprivate var wire: WireReply {
        WireReply.make {
            $0.requestID = request.description
            $0.kind = body.kind.rawValue
            $0.worker = UInt32(worker)
            $0.times = times.map { time in
                filled(WireTimeRecord()) {
                    $0.name = time.phase
                    $0.seconds = time.seconds
                }
            }
            $0.saved = saved.map(\.wire)
            switch body {
            case .dataset(let facts):
                $0.dataset.size = UInt64(facts.rows)
                $0.dataset.skippedRows = UInt64(facts.skipped)
            case .items(let items):
                $0.sample = WireSampleMetadata(items.sample)
                $0.birthTimes = items.births
            case .model(let shape): if let shape { $0.model.shape = shape.wire }
            case .initialized(let version): $0.weightVersion = version.count
            case .called(let outcome):
                if let outputs = outcome.outputs { $0.sample = WireSampleMetadata(outputs) }
                $0.metrics = outcome.statistics
                $0.weightVersion = outcome.weightVersion.count
            case .evaluated(let metrics): $0.metrics = metrics
            case .done: break
            case .failed(let report, let persistence):
                $0.error = report
                $0.lasting = persistence == .lasting
            }
        }
    }
}

extension Reply.Body {
    /// The word for what it is.
    package var kind: ReplyKind {
        switch self {
        case .dataset: .dataset
        case .items: .items
        case .model: .model
        case .initialized: .initialized
        case .called: .called
        case .evaluated: .evaluated
        case .done: .done
        case .failed: .failed
        }
    }
}

extension ModelShape {
    fileprivate init(_ wire: WireModelShape) {
        self.init(
            family: wire.family, vocabularySize: Int(wire.vocabularySize), contextLength: Int(wire.contextLength),
            width: Int(wire.width), layers: Int(wire.layers), heads: Int(wire.heads),
            keyValueHeads: Int(wire.keyValueHeads), headWidth: Int(wire.headWidth), mlpWidth: Int(wire.mlpWidth))
    }

    fileprivate var wire: WireModelShape {
        filled(WireModelShape()) {
            $0.family = family
            $0.vocabularySize = UInt32(clamping: vocabularySize)
            $0.contextLength = UInt32(clamping: contextLength)
            $0.width = UInt32(clamping: width)
            $0.layers = UInt32(clamping: layers)
            $0.heads = UInt32(clamping: heads)
            $0.keyValueHeads = UInt32(clamping: keyValueHeads)
            $0.headWidth = UInt32(clamping: headWidth)
            $0.mlpWidth = UInt32(clamping: mlpWidth)
        }
    }
}

extension WireReply {
    fileprivate var metrics: [Metric] {
        get { statistics.map { Metric($0.name, $0.value) } }
        set {
            statistics = newValue.map { metric in
                filled(WireStatistic()) {
                    $0.name = metric.name
                    $0.value = metric.value
                }
            }
        }
    }
}

extension SavedCheckpoint {
    fileprivate var wire: WireSavedCheckpoint {
        filled(WireSavedCheckpoint()) {
            $0.role = role.description
            $0.step = step
            $0.path = path
            $0.bytes = bytes
        }
    }
}
