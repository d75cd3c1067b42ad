import Protocol
import TestSupport
import Testing

@testable import Workers

@Suite struct ModelExecutorTests {
    @Test func `spec says how many rows the dataset has and how many were left out`() throws {
        let fixture = try ExecutorFixture(rows: TinyTrial.rows + ["broken", "{}"])
        #expect(try fixture.answer(fixture.request(.spec)).body == .dataset(DatasetFacts(rows: 8, skipped: 2)))
    }

    @Test func `spec of a file with a row that is broken for good says that another try is none`() throws {
        let fixture = try ExecutorFixture(rows: TinyTrial.rows + ["{"], badRow: .fail)
        guard case .failed(let report, let persistence) = try fixture.answer(fixture.request(.spec)).body else {
            Issue.record("the broken row was taken")
            return
        }
        #expect(report.contains("train.jsonl:\(TinyTrial.rows.count + 1): "))
        #expect(persistence == .lasting)
    }

    @Test func `fetch keeps the items here and sends their metadata, oldest first`() throws {
        let fixture = try ExecutorFixture()
        try fixture.open()
        let items = try fixture.items()
        #expect(items.sample.ids.count == 16)
        #expect(items.sample.keys == [.packedInputIDs, .promptMask])
        #expect(items.sample.columns.values.allSatisfy { $0.array == nil })
        #expect(items.births == items.births.sorted())
        #expect(fixture.executor.storage.count == 16)
    }

    @Test func `fetch before spec is an error`() throws {
        let fixture = try ExecutorFixture()
        #expect(try fixture.answer(fixture.request(.fetch)).failure == "fetch came before spec")
    }

    @Test func `a resumed worker fetches what the earlier run had not used`() throws {
        let whole = try ExecutorFixture(), resumed = try ExecutorFixture(resumeStep: 2)
        try whole.open()
        try resumed.open()
        #expect(try resumed.fetch() == Array(whole.fetch().dropFirst(8)))
    }

    @Test func `model_config describes the model with the vocabulary of the data`() throws {
        let fixture = try ExecutorFixture()
        guard case .model(let shape?) = try fixture.answer(fixture.request(.describe(ModelName(.actor)))).body else {
            Issue.record("a model is described")
            return
        }
        #expect(
            shape
                == ModelShape(
                    family: "gpt2", vocabularySize: 12, contextLength: 16, width: 16, layers: 1, heads: 2,
                    keyValueHeads: 2, headWidth: 8, mlpWidth: 64))
    }

    @Test func `a model that is elsewhere is an error with its name`() throws {
        let fixture = try ExecutorFixture(worker: 1)
        let reply = try fixture.answer(fixture.request(.describe(ModelName(.actor))))
        #expect(reply.failure == "model 'actor' is not on model_worker/1")
    }

    @Test func `clear_data_cache drops items and is not answered`() throws {
        let fixture = try ExecutorFixture()
        try fixture.open()
        let ids = try fixture.fetch()
        #expect(fixture.executor.answer(fixture.request(.clear(Array(ids.prefix(6))))) == nil)
        #expect(fixture.executor.storage.count == 10)
    }

    @Test func `a train step takes its items from storage and replies with statistics and times`() throws {
        let fixture = try ExecutorFixture()
        try fixture.open()
        let ids = try fixture.fetch()
        let reply = fixture.run([fixture.call(ids: Array(ids.prefix(4)), step: 7)])[0]
        guard case .called(let outcome) = reply.body else {
            Issue.record("\(reply.body)")
            return
        }
        #expect(outcome.statistics.map(\.name).contains("sft/loss"))
        #expect(reply.times.map(\.phase) == ["main"])
        // Updates, not steps.
        #expect(outcome.weightVersion == 1)
        let span = try #require(fixture.spans.last)
        #expect((span.mfc, span.phase, span.interfaceType, span.role) == ("sft_train", "main", "train_step", "actor"))
        #expect((span.step, span.sequences, span.tokens, span.weightVersion) == (7, 4, 24, 1))
    }

    @Test func `equal requests give equal statistics in two processes`() throws {
        func statistics() throws -> [Metric] {
            let fixture = try ExecutorFixture()
            try fixture.open()
            return try fixture.train(fixture.fetch()).statistics
        }
        #expect(try statistics() == statistics())
    }

    @Test func `an unknown call is an error with a suggestion`() throws {
        let fixture = try ExecutorFixture()
        try fixture.open()
        let reply = fixture.run([fixture.call(.trainStep, "sft_trian")])[0]
        #expect(reply.failure?.contains("Did you mean 'sft_train'?") == true)
    }

    @Test func `a call asked for another thing than it does is an error`() throws {
        let fixture = try ExecutorFixture()
        try fixture.open()
        let reply = fixture.run([fixture.call(.generate, "sft_train")])[0]
        #expect(reply.failure == "'sft_train' is asked to generate; it does train_step")
    }

    @Test func `a call on a model that is not initialized is an error`() throws {
        let fixture = try ExecutorFixture()
        _ = try fixture.answer(fixture.request(.spec))
        let reply = fixture.run([fixture.call(ids: try fixture.fetch())])[0]
        #expect(reply.failure == "model 'actor' is not initialized on this worker")
    }

    @Test func `an item that is not here is an error, and it is logged`() throws {
        let fixture = try ExecutorFixture()
        try fixture.open()
        let reply = fixture.run([fixture.call(ids: ["gone@0"])])[0]
        #expect(reply.failure == "item 'gone@0' is not on this worker")
        let logged = fixture.queue.drain().contains {
            if case .log(let log) = $0 { log.level == "error" && log.message.contains("gone@0") } else { false }
        }
        #expect(logged)
    }

    @Test func `a failure of one request does not keep the others from running`() throws {
        let fixture = try ExecutorFixture()
        try fixture.open()
        let other = fixture.call(.evaluate, "actor_eval", id: "other")
        let replies = fixture.run([fixture.call(ids: ["gone@0"]), other])
        #expect(replies[0].failure != nil)
        #expect(replies[1].body.kind == .evaluated)
    }

    @Test func `an evaluation is a call that counts exact matches on the held-out rows`() throws {
        let fixture = try ExecutorFixture()
        try fixture.open()
        let reply = fixture.run([fixture.call(.evaluate, "actor_eval", step: 0)])[0]
        guard case .evaluated(let metrics) = reply.body else {
            Issue.record("\(reply.body)")
            return
        }
        #expect(metrics.map(\.name) == ["eval/accuracy", "eval/loss"])
        #expect(metrics[0].value == 0)
        let span = try #require(fixture.spans.last)
        #expect((span.mfc, span.phase, span.interfaceType, span.role) == ("actor_eval", "main", "evaluate", "actor"))
    }

    @Test func `a side request carries hooks only`() throws {
        let fixture = try ExecutorFixture()
        try fixture.open()
        let replies = fixture.run([fixture.request(.side("sft_train", preHooks: []))])
        #expect(replies.map(\.body) == [.done])
        #expect(replies[0].times.isEmpty)
    }

    @Test func `the first request of the next setup drops models and data of the one before`() throws {
        let fixture = try ExecutorFixture()
        try fixture.open()
        _ = try fixture.fetch()
        #expect(try fixture.answer(fixture.request(.spec, setup: 1)).failure == nil)
        #expect(fixture.executor.storage.count == 0)
        #expect(throws: WorkerError(.message, "role 'actor' is not on this worker")) {
            try fixture.executor.model(of: .actor)
        }
    }

    @Test func `a setup that the plan does not have is an error`() throws {
        let fixture = try ExecutorFixture()
        #expect(try fixture.answer(fixture.request(.spec, setup: 9)).failure == "the plan has no setup 9")
    }

    @Test func `heartbeats say the weight version of the model that was worked on`() throws {
        let fixture = try ExecutorFixture()
        try fixture.open()
        let ids = try fixture.fetch()
        #expect(fixture.progress.heartbeat().weightVersion == 0)
        _ = try fixture.train(ids)
        _ = try fixture.train(ids)
        #expect(fixture.progress.heartbeat().weightVersion == 2)
    }
}

@Suite struct SaveHookTests {
    private func saved(_ fixture: ExecutorFixture, step: UInt64) throws -> SavedCheckpoint {
        try #require(fixture.run([fixture.save(step: step)])[0].saved.first)
    }

    private func loss(_ fixture: ExecutorFixture, ids: [String], step: UInt64) throws -> Double {
        try fixture.train(ids, step: step).statistics.first { $0.name == "sft/loss" }?.value ?? .nan
    }

    @Test func `the reply says what was saved, where and how large it is`() throws {
        let fixture = try ExecutorFixture()
        try fixture.open()
        let reply = fixture.run([fixture.save(step: 3)])[0]
        let saved = try #require(reply.saved.first)
        #expect((saved.role, saved.step) == (.actor, 3))
        #expect(saved.path == fixture.folder.file("checkpoints/actor/step-3"))
        #expect(saved.bytes > 10_000)
        #expect(reply.times.map(\.phase) == ["post-save"])
    }

    @Test func `a recovered model trains on bit for bit, and counts its updates on`() throws {
        let fixture = try ExecutorFixture()
        try fixture.open()
        let ids = try fixture.fetch()
        _ = try loss(fixture, ids: ids, step: 1)
        let path = try saved(fixture, step: 1).path
        let expected = [try loss(fixture, ids: ids, step: 2), try loss(fixture, ids: ids, step: 3)]
        #expect(fixture.run([fixture.initialize(.recovered(from: path))]).map(\.body) == [.initialized(1)])
        #expect([try loss(fixture, ids: ids, step: 2), try loss(fixture, ids: ids, step: 3)] == expected)
        #expect(try fixture.executor.model(of: .actor).weightVersion == 3)
    }

    @Test func `weights alone start with a fresh optimizer, and are of the same version`() throws {
        let fixture = try ExecutorFixture()
        try fixture.open()
        let ids = try fixture.fetch()
        _ = try loss(fixture, ids: ids, step: 1)
        let path = try saved(fixture, step: 1).path
        let expected = [try loss(fixture, ids: ids, step: 2), try loss(fixture, ids: ids, step: 3)]
        #expect(fixture.run([fixture.initialize(.loaded(from: path))]).map(\.body) == [.initialized(1)])
        let again = [try loss(fixture, ids: ids, step: 2), try loss(fixture, ids: ids, step: 3)]
        #expect(again[0] == expected[0])
        #expect(again[1] != expected[1])
    }

    @Test func `older checkpoints stay: only the orchestrator knows what nothing can need any more`() throws {
        let fixture = try ExecutorFixture()
        try fixture.open()
        let paths = try (UInt64(1)...5).map { try saved(fixture, step: $0).path }
        for path in paths { #expect(CheckpointOnDisk.isWhole(path)) }
    }

    @Test func `a checkpoint made with another vocabulary is refused`() throws {
        let first = try ExecutorFixture()
        try first.open()
        let path = try saved(first, step: 1).path
        let other = try ExecutorFixture(rows: TinyTrial.rows.map { $0.replacing("+", with: "*") })
        let reply = other.run([other.initialize(.loaded(from: path))])[0]
        #expect(reply.failure?.contains("another vocabulary") == true)
    }

    @Test func `a checkpoint that is not there is an error with its path`() throws {
        let fixture = try ExecutorFixture()
        let reply = fixture.run([fixture.initialize(.recovered(from: "/none/step-1"))])[0]
        #expect(reply.failure?.contains("/none/step-1") == true)
    }
}
