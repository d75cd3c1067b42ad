import Protocol
import Testing

@Suite struct `Groups of workers` {
    @Test func `are the master's, with every worker it calls, and then the others`() {
        var plan = SomePlans.full
        #expect(
            plan.groups == [WorkerGroup(name: "trial", workers: [.master, WorkerID(.model, 0), WorkerID(.model, 1)])])
        plan.modelWorkers += ["b", "a", "b"].map { ModelWorkerPlan(threads: 1, group: $0) }
        #expect(plan.groups.map(\.name) == ["trial", "b", "a"])
        #expect(plan.groups.map(\.restarts) == [.trial, .group, .group])
        #expect(plan.groups[1].workers == [WorkerID(.model, 2), WorkerID(.model, 4)])
        #expect(plan.workers == [.master] + (0..<5).map { WorkerID(.model, $0) })
    }
}

@Suite struct `The epoch of telemetry` {
    @Test func `of a first launch is the attempt, and of no two lives the same`() {
        #expect(TelemetryEpoch(attempt: 7, launch: 0).rawValue == 7)
        let second = TelemetryEpoch(attempt: 7, launch: 1)
        #expect(TelemetryEpoch(rawValue: second.rawValue) == second)
        #expect(second.firstSpan > UInt64(UInt32.max))
        #expect(
            Set((1...3).flatMap { a in (0...3).map { TelemetryEpoch(attempt: a, launch: $0).rawValue } }).count == 12)
    }
}
