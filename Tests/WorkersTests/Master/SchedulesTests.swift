import Protocol
import Testing

@testable import Workers

@Suite struct FrequencyControlTests {
    @Test func `without a threshold it never fires`() {
        var control = FrequencyControl()
        #expect((1...5).map { control.advance(time: Double($0) * 1000) } == [false, false, false, false, false])
    }

    @Test func `by steps it fires every so many`() {
        var control = FrequencyControl(steps: 3)
        #expect((1...7).map { _ in control.advance(time: 0) } == [false, false, true, false, false, true, false])
    }

    @Test func `by seconds it fires when they have passed since it last fired`() {
        var control = FrequencyControl(seconds: 10, at: 0)
        #expect([0.0, 9, 10, 15, 20].map { control.advance(time: $0) } == [false, false, true, false, true])
    }

    @Test func `its clock starts when it is made, not at the first call`() {
        var control = FrequencyControl(seconds: 10, at: 100)
        #expect([111.0, 112, 121].map { control.advance(time: $0) } == [true, false, true])
    }

    @Test func `with both thresholds both must hold`() {
        var control = FrequencyControl(steps: 2, seconds: 10, at: 0)
        #expect([0.0, 1, 10, 11, 30].map { control.advance(time: $0) } == [false, false, true, false, true])
    }
}

@Suite struct StepScheduleTests {
    private let plan = TinyTrial.plan(
        train: "t", heldOut: "h", supervisedSteps: 5, policySteps: 4, checkpointEverySteps: 2)

    private func flags(_ schedule: StepSchedule) -> [String] {
        var schedule = schedule, lines: [String] = []
        while let step = schedule.upcoming {
            let flags = schedule.advance()
            lines.append(
                "\(step)\(flags.evaluates ? " evaluate" : "")\(flags.saves ? " save" : "")"
            )
        }
        return lines
    }

    @Test func `steps go on through the setups, and each setup ends with a kept checkpoint`() {
        #expect(
            flags(StepSchedule(plan.setups[0], before: 0, done: 0)) == [
                "1", "2 evaluate save", "3", "4 evaluate save", "5 evaluate save",
            ])
        #expect(
            flags(StepSchedule(plan.setups[1], before: 5, done: 5)) == [
                "6", "7 evaluate save", "8", "9 evaluate save",
            ])
    }

    @Test func `a resumed setup does at every step what it would have done`() {
        #expect(flags(StepSchedule(plan.setups[0], before: 0, done: 3)) == ["4 evaluate save", "5 evaluate save"])
    }

    @Test func `a setup is evaluated as it begins unless that has just been done`() {
        #expect(StepSchedule.evaluatesInitially(plan, setup: 0, done: 0))
        #expect(!StepSchedule.evaluatesInitially(plan, setup: 0, done: 2))
        #expect(!StepSchedule.evaluatesInitially(plan, setup: 1, done: 5))
        var other = plan
        other.setups[0].evaluation = nil
        #expect(StepSchedule.evaluatesInitially(other, setup: 1, done: 5))
    }
}

@Suite struct RequestLedgerTests {
    @Test func `a reply finds what it was for, once`() {
        var ledger = RequestLedger<String>(attempt: 3)
        let id = ledger.nextID()
        #expect(id == RequestID("3-1"))
        ledger.expect(id, from: 1, for: "spec")
        #expect(!ledger.isIdle)
        #expect(ledger.resolve(id)?.purpose == "spec")
        #expect(ledger.isIdle)
        #expect(ledger.resolve(id) == nil)
    }

    /// A reply that was kept for a later request of the same id was never given to it: it is kept no more.
    @Test func `of a reply that nobody waits for nothing is kept`() {
        var ledger = RequestLedger<String>(attempt: 1)
        #expect(ledger.resolve(RequestID("1-1")) == nil)
        ledger.expect(RequestID("1-1"), from: 0, for: "fetch")
        #expect(!ledger.isIdle)
        #expect(ledger.resolve(RequestID("1-1"))?.purpose == "fetch")
    }
}

@Suite struct FunctionExecutorTests {
    private func ready(_ calls: [ModelFunctionCall], items: Int) throws -> (FunctionExecutor, SequenceBuffer) {
        let graph = try DataflowGraph(calls)
        var buffer = SequenceBuffer(graph: graph, capacity: 16)
        let ids = (0..<items).map { "i\($0)" }
        let columns = Dictionary(
            uniqueKeysWithValues: graph.datasetKeys.map { key in
                (key, SequenceSample.Column(lengths: ids.map { _ in [1] }, elementType: .int32))
            })
        try buffer.put(SequenceSample(ids: ids, columns: columns), births: ids.indices.map { Int64($0) })
        return (FunctionExecutor(graph), buffer)
    }

    private func outputs(of call: ModelFunctionCall, _ batch: BufferBatch) throws -> SequenceSample {
        let column = SequenceSample.Column(lengths: batch.ids.map { _ in [1] }, elementType: .int32)
        return try SequenceSample(
            ids: batch.ids, columns: Dictionary(uniqueKeysWithValues: call.outputKeys.map { ($0, column) }))
    }

    @Test func `calls run as soon as their data is there, those of one level together`() throws {
        var (executor, buffer) = try ready(TinyTrial.policyCalls(4), items: 4)
        var order: [[String]] = []
        while case let dispatched = try executor.dispatch(from: &buffer), !dispatched.isEmpty {
            order.append(dispatched.map(\.call.name))
            for item in dispatched {
                try buffer.amend(item.batch.slots, with: outputs(of: item.call, item.batch))
                buffer.finishReading(item.batch.slots)
                #expect(executor.ended(item.call.name) == item.batch)
            }
        }
        #expect(order == [["actor_gen"], ["ref_inf", "rew_inf"], ["actor_train"]])
        #expect(executor.isFinished)
    }

    @Test func `a call with a small batch runs until its successors have enough`() throws {
        var calls = TinyTrial.policyCalls(4)
        calls[0].sequences = 2
        var (executor, buffer) = try ready(calls, items: 4)
        let first = try #require(try executor.dispatch(from: &buffer).first)
        try buffer.amend(first.batch.slots, with: outputs(of: first.call, first.batch))
        _ = executor.ended("actor_gen")
        let second = try executor.dispatch(from: &buffer)
        #expect(second.map(\.call.name) == ["actor_gen"])
        #expect(second.first?.batch.ids == ["i2", "i3"])
    }

    @Test func `an answer for a call that is not out is not taken`() throws {
        var (executor, _) = try ready([TinyTrial.supervisedCall(2)], items: 0)
        #expect(executor.ended("sft_train") == nil)
        #expect(!executor.isFinished)
    }
}
