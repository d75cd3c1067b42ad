import Protocol
import TestSupport
import Testing

@testable import Store

/// Something that happened to a run at a time.
private enum Happening {
    case batch(epoch: UInt64, (inout WireTelemetryBatch) -> Void)
    case attempt(Int, resumeStep: Int)
    case status(TrialStatus)
}

/// A random life of a run, in order of time.
private struct Life {
    var happenings: [(time: Int64, Happening)] = []
    /// What the worker said of its state, in order of time.
    private var states: [(time: Int64, state: WorkerState)] = []

    init(seed: UInt64) {
        var random = SplitMix(seed: seed)
        var step = 0, attempt = 1
        var open: Int?
        for tick in 1...420 {
            let time = Int64(tick) * 10
            switch Int.random(in: 0..<14, using: &random) {
            case 0:
                let state = WorkerState.allCases.randomElement(using: &random) ?? .ready
                states.append((time, state))
                add(time, attempt) { $0.states = [Batch.state(state, time: time)] }
            case 1: add(time, attempt) { $0.logs = [Batch.log("at \(time)", time: time)] }
            case 2 where open == nil:
                open = tick
                add(time, attempt) { $0.spans = [Batch.span(tick, start: time)] }
            case 3:
                guard let number = open else { continue }
                open = nil
                let start = Int64(number) * 10
                add(time, attempt) { $0.spans = [Batch.span(number, start: start, end: time)] }
            case 4: happenings.append((time, .status([.running, .paused].randomElement(using: &random) ?? .running)))
            case 5 where tick % 5 == 0:
                attempt += 1
                step = Int.random(in: 0...step, using: &random)
                open = nil
                happenings.append((time, .attempt(attempt, resumeStep: step)))
            case 6:
                let at = step
                add(time, attempt) { $0.checkpoints = [Batch.checkpoint(at, role: "r\(tick)", time: time)] }
            default:
                step += 1
                let at = step, value = Double.random(in: -1...1, using: &random)
                add(time, attempt) { batch in
                    let e2e = at % 3 == 0 ? [("timeperf/e2e", value)] : []
                    batch.metrics = [Batch.block(at, [("loss", value)] + e2e, time: time)]
                }
            }
        }
    }

    private mutating func add(_ time: Int64, _ attempt: Int, _ fill: @escaping (inout WireTelemetryBatch) -> Void) {
        happenings.append((time, .batch(epoch: UInt64(attempt), fill)))
    }

    /// When the worker was last heard of up to `moment`, and when it last said something new; nil: never.
    func worker(at moment: Int64) -> (heard: Int64, news: Int64)? {
        var found: (heard: Int64, news: Int64)?, last: WorkerState?
        for (time, state) in states where time <= moment {
            found = (time, state == last ? found?.news ?? time : time)
            last = state
        }
        return found
    }

    /// Stores what happened up to `moment`.
    func live(until moment: Int64 = .max) throws -> RunBuilder {
        let run = try RunBuilder()
        var seqs: [UInt64: Int] = [:]
        for (index, (time, happening)) in happenings.enumerated() where time <= moment {
            switch happening {
            case .batch(let epoch, let fill):
                seqs[epoch, default: 0] += 1
                _ = try run.writer.append(Batch.of(seq: seqs[epoch] ?? 0, epoch: epoch, fill))
            case .attempt(let number, let step):
                try run.writer.beginAttempt(number, resumeStep: step, time: time, reason: "again")
            case .status(let status): try run.writer.setStatus(status, detail: "", time: time, orchestrator: nil)
            }
            if index % 9 == 0 { try run.writer.commit() }
        }
        try run.writer.commit()
        return run
    }
}

@Suite struct PrefixTests {
    @Test(arguments: [UInt64](1...8))
    func `a replay at a time shows what somebody saw who watched then`(seed: UInt64) throws {
        let life = Life(seed: seed)
        let whole = try life.live().reader()
        var random = SplitMix(seed: seed)
        for _ in 0..<4 {
            let moment = life.happenings.randomElement(using: &random)?.time ?? 0
            var query = RunQuery(timelineWindow: 600, metrics: ["loss", "timeperf/e2e"], columns: 23, logLimit: 9)
            var then = try life.live(until: moment).reader().snapshot(query)
            query.playhead = .at(moment)
            let replayed = try whole.snapshot(query)
            // Not every sign of life is kept: of a worker, a recording knows when it last said something new.
            let worker = life.worker(at: moment)
            #expect(then.workers.map(\.time) == (worker.map { [$0.heard] } ?? []), "seed \(seed) at \(moment)")
            for index in then.workers.indices { then.workers[index].time = worker?.news ?? 0 }
            // Only the length of the scrub bar tells a replay from what was seen then.
            then.endTime = replayed.endTime
            #expect(replayed == then, "seed \(seed) at \(moment)")
        }
    }

    @Test(arguments: [UInt64](1...4))
    func `steps of a replay walk over every completed step that counts, both ways`(seed: UInt64) throws {
        let run = try Life(seed: seed).live()
        let reader = try run.reader()
        let times = try Set(reader.points(of: "timeperf/e2e").map(\.time))
        var walked: [Int64] = []
        var at: Int64 = -1
        while let next = try reader.eventTime(.forward, from: at, stop: .step) {
            walked.append(next)
            at = next
        }
        // A step that two attempts ran, at the edge of a resume, was completed twice.
        #expect(times.isSubset(of: walked))
        #expect(walked == walked.sorted())
        var back: [Int64] = []
        at = .max
        while let next = try reader.eventTime(.backward, from: at, stop: .step) {
            back.append(next)
            at = next
        }
        #expect(back == walked.reversed())
    }
}
