import Protocol
import Testing

@testable import Workers

/// What the master and its workers say to each other, through frames and back.
@Suite struct `Requests and replies on the wire` {
    @Test func `every request comes back as it went`() throws {
        var handles: Set<RequestHandle> = []
        for body in SomeRequests.all {
            let request = Request(id: RequestID("1-2"), setup: 3, step: 4, body)
            let wire = try WireCodec.decode(WireRequest.self, from: WireCodec.encode(request.wire))
            let read = try Request(wire)
            #expect("\(read)" == "\(request)")
            handles.insert(request.handle)
        }
        #expect(handles == Set(RequestHandle.allCases))
    }

    @Test(arguments: [
        Initialization.Weights.random, .loaded(from: "/a"), .recovered(from: "/b"),
    ])
    func `weights come from where the master says`(weights: Initialization.Weights) throws {
        let name = ModelName(.actor, replica: 2), initialization = Initialization(totalUpdates: 12, weights: weights)
        let request = SomeRequests.request(.initialize(name, initialization))
        guard case .initialize(let model, let read) = try Request(request.wire).body else {
            Issue.record("another request")
            return
        }
        #expect(model == name)
        #expect(read == initialization)
    }

    private var sample: SequenceSample {
        get throws { try SequenceSample(ids: ["a"], columns: ["k": .init(lengths: [[2]], elementType: .int32)]) }
    }

    private let shape = ModelShape(
        family: "qwen2", vocabularySize: 1, contextLength: 2, width: 3, layers: 4, heads: 5, keyValueHeads: 6,
        headWidth: 7, mlpWidth: 8)

    private var bodies: [Reply.Body] {
        get throws {
            [
                .dataset(DatasetFacts(rows: 7, skipped: 2)), .items(FetchedItems(try sample, births: [5])),
                .model(nil), .model(shape), .initialized(3), .called(CallOutcome(weightVersion: 9)),
                .called(CallOutcome(outputs: try sample, statistics: [Metric("a", 1)], weightVersion: 4)),
                .evaluated([Metric("eval/x", 0.5)]), .done, .failed("because"),
                .failed("the row is broken", .lasting),
            ]
        }
    }

    @Test func `every reply comes back as it went`() throws {
        var kinds: Set<ReplyKind> = [.joined]
        for body in try bodies {
            var reply = Reply(to: RequestID("1-2"), from: 1, body)
            reply.times = [PhaseTime("main", seconds: 2)]
            reply.saved = [SavedCheckpoint(role: .actor, step: 3, path: "/p", bytes: 8)]
            let frame = try WireCodec.encode(WorkerMessage.reply(reply).wire)
            #expect(try WorkerMessage(WireCodec.decode(WireReply.self, from: frame)) == .reply(reply))
            kinds.insert(body.kind)
        }
        #expect(kinds == Set(ReplyKind.allCases))
        #expect(try WorkerMessage(WorkerMessage.joined(worker: 3).wire) == .joined(worker: 3))
    }

    enum Nonsense: CaseIterable {
        case kind, wrongCounts, unknownType, columnTwice, idTwice

        var reason: String {
            switch self {
            case .kind: "unknown reply 'itmes'"
            case .wrongCounts: "announces other counts than it has lengths"
            case .unknownType: "has the unknown element type 'float16'"
            case .columnTwice: "appears twice"
            case .idTwice: "a sample holds an id twice"
            }
        }

        func apply(to wire: inout WireReply) {
            switch self {
            case .kind: wire.kind = "itmes"
            case .wrongCounts: wire.sample.columns[0].counts[0] = 9
            case .unknownType: wire.sample.columns[0].elementType = "float16"
            case .columnTwice: wire.sample.columns.append(wire.sample.columns[0])
            case .idTwice: wire.sample.ids = ["a", "a"]
            }
        }
    }

    @Test(arguments: Nonsense.allCases)
    func `a reply that makes no sense is an error that says why`(nonsense: Nonsense) throws {
        var wire = WorkerMessage.reply(
            Reply(to: RequestID("1"), from: 0, .items(FetchedItems(try sample, births: [1])))
        ).wire
        nonsense.apply(to: &wire)
        let error = #expect(throws: (any Error).self) { try WorkerMessage(wire) }
        #expect(error.map { describe($0) }?.contains(nonsense.reason) == true)
    }

    @Test func `a setup that no number of ours can be is refused`() {
        let wire = WireRequest.make {
            $0.handleName = "spec"
            $0.setup = .max
        }
        #expect(throws: WorkerError(.message, "the plan has no setup 18446744073709551615")) { try Request(wire) }
    }
}
