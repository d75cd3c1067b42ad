import Protocol
import TestSupport
import Testing

@testable import Workers

@Suite struct ModelExecutorTests {
    private let actor = "\(ModelShardID(ModelName(.actor)))"

    @Test func `spec says how many rows the dataset has and how many were left out`() throws {
        let fixture = try ExecutorFixture(rows: TinyTrial.rows + ["broken", "{}"])
        let reply = try fixture.answer(fixture.request(.spec))
        #expect((reply.dataset.datasets, reply.dataset.size, reply.dataset.skippedRows) == (1, 8, 2))
    }

    @Test func `fetch keeps the items here and sends their metadata, oldest first`() throws {
        let fixture = try ExecutorFixture()
        try fixture.open()
        let reply = try fixture.answer(fixture.request(.fetch))
        #expect(reply.sample.ids.count == 16)
        #expect(Set(reply.sample.columns.map(\.key)) == ["packed_input_ids", "prompt_mask"])
        #expect(reply.birthTimes == reply.birthTimes.sorted())
        #expect(reply.endOfEpoch)
        #expect(fixture.executor.storage.count == 16)
    }

    @Test func `fetch before spec is an error`() throws {
        let fixture = try ExecutorFixture()
        #expect(try fixture.answer(fixture.request(.fetch)).error == "fetch came before spec")
    }

    @Test func `a resumed worker fetches what the earlier run had not used`() throws {
        let whole = try ExecutorFixture(), resumed = try ExecutorFixture(resumeStep: 2)
        try whole.open()
        try resumed.open()
        #expect(try resumed.fetch() == Array(whole.fetch().dropFirst(8)))
    }

    @Test func `model_config describes the model with the vocabulary of the data`() throws {
        let fixture = try ExecutorFixture()
        let reply = try fixture.answer(fixture.request(.modelConfig, handler: actor))
        #expect(reply.model.json.contains("\"width\":16"))
        #expect(reply.model.json.contains("\"vocabularySize\":12"))
    }

    @Test func `a shard that is elsewhere is an error with its name`() throws {
        let fixture = try ExecutorFixture(worker: 1)
        let reply = try fixture.answer(fixture.request(.modelConfig, handler: actor))
        #expect(reply.error == "shard '\(actor)' is not on model_worker/1")
    }

    @Test func `clear_data_cache drops items and is not answered`() throws {
        let fixture = try ExecutorFixture()
        try fixture.open()
        let ids = try fixture.fetch()
        #expect(fixture.executor.answer(fixture.request(.clearDataCache, ids: Array(ids.prefix(6)))) == nil)
        #expect(fixture.executor.storage.count == 10)
    }

    @Test func `a train step takes its items from storage and replies with statistics and times`() throws {
        let fixture = try ExecutorFixture()
        try fixture.open()
        let ids = try fixture.fetch()
        let replies = fixture.run([fixture.request(.trainStep, mfc: "sft_train", ids: Array(ids.prefix(4)), step: 7)])
        #expect(replies.map(\.error) == [""])
        #expect(replies[0].statistics.map(\.name).contains("sft/loss"))
        #expect(replies[0].times.map(\.name) == ["main"])
        #expect(replies[0].weightVersion == 7)
        let span = try #require(fixture.spans.last)
        #expect((span.mfc, span.phase, span.interfaceType, span.role) == ("sft_train", "main", "train_step", "actor"))
        #expect((span.step, span.sequences, span.tokens) == (7, 4, 24))
    }

    @Test func `equal requests give equal statistics in two processes`() throws {
        func statistics() throws -> [WireStatistic] {
            let fixture = try ExecutorFixture()
            try fixture.open()
            let ids = try fixture.fetch()
            return fixture.run([fixture.request(.trainStep, mfc: "sft_train", ids: ids)])[0].statistics
        }
        #expect(try statistics() == statistics())
    }

    @Test func `an unknown call is an error with a suggestion`() throws {
        let fixture = try ExecutorFixture()
        try fixture.open()
        let replies = fixture.run([fixture.request(.trainStep, mfc: "sft_trian")])
        #expect(replies[0].error.contains("Did you mean 'sft_train'?"))
    }

    @Test func `a call on a model that is not initialized is an error`() throws {
        let fixture = try ExecutorFixture()
        _ = try fixture.answer(fixture.request(.spec))
        let ids = try fixture.fetch()
        let replies = fixture.run([fixture.request(.trainStep, mfc: "sft_train", ids: ids)])
        #expect(replies[0].error == "model 'actor' is not initialized on this worker")
    }

    @Test func `an item that is not here is an error, and it is logged`() throws {
        let fixture = try ExecutorFixture()
        try fixture.open()
        let replies = fixture.run([fixture.request(.trainStep, mfc: "sft_train", ids: ["gone@0"])])
        #expect(replies[0].error == "item 'gone@0' is not on this worker")
        let logged = fixture.queue.drain().contains {
            if case .log(let log) = $0 { log.level == "error" && log.message.contains("gone@0") } else { false }
        }
        #expect(logged)
    }

    @Test func `a failure of one request does not keep the others from running`() throws {
        let fixture = try ExecutorFixture()
        try fixture.open()
        let ids = try fixture.fetch()
        var other = fixture.request(.evaluate, handler: actor)
        other.id = "other"
        var broken = fixture.request(.trainStep, mfc: "sft_train", ids: ids)
        broken.preHooks = [filled(WireHookRequest()) { $0.kind = "data_transfr" }]
        let replies = fixture.run([broken, other])
        #expect(replies.map(\.error) == ["unknown hook 'data_transfr'. Did you mean 'data_transfer'?", ""])
    }

    @Test func `evaluate counts exact matches on the held-out rows`() throws {
        let fixture = try ExecutorFixture()
        try fixture.open()
        let replies = fixture.run([fixture.request(.evaluate, handler: actor, step: 0)])
        #expect(replies[0].statistics.map(\.name) == ["eval/accuracy", "eval/loss"])
        #expect(replies[0].statistics[0].value == 0)
    }

    @Test func `an empty request carries hooks only`() throws {
        let fixture = try ExecutorFixture()
        try fixture.open()
        let replies = fixture.run([fixture.request(.empty, mfc: "sft_train")])
        #expect(replies.map(\.error) == [""])
        #expect(replies[0].times.isEmpty)
    }

    @Test func `the first request of the next setup drops models and data of the one before`() throws {
        let fixture = try ExecutorFixture()
        try fixture.open()
        _ = try fixture.fetch()
        #expect(try fixture.answer(fixture.request(.spec, setup: 1)).error == "")
        #expect(fixture.executor.storage.count == 0)
        #expect(throws: WorkerError(.message, "role 'actor' is not on this worker")) {
            try fixture.executor.model(forRole: "actor", setup: 1)
        }
    }

    @Test func `a setup that the plan does not have is an error`() throws {
        let fixture = try ExecutorFixture()
        #expect(try fixture.answer(fixture.request(.spec, setup: 9)).error == "the plan has no setup 9")
    }
}

@Suite struct SaveHookTests {
    private let actor = "\(ModelShardID(ModelName(.actor)))"

    private func save(_ fixture: ExecutorFixture, step: UInt64, recoverOnly: Bool) -> WireReply {
        var request = fixture.request(.save, handler: actor, step: step)
        request.postHooks = [
            filled(WireHookRequest()) {
                $0.kind = HookKind.save.rawValue
                $0.save.folder = fixture.folder.file("checkpoints/actor")
                $0.save.role = "actor"
                $0.save.step = step
                $0.save.recoverOnly = recoverOnly
            }
        ]
        return fixture.run([request])[0]
    }

    private func initialize(_ fixture: ExecutorFixture, recover: String = "", weights: String = "") -> WireReply {
        var request = fixture.request(.initialize, handler: actor, step: 0)
        request.initialize.recoverPath = recover
        request.initialize.weightsPath = weights
        return fixture.run([request])[0]
    }

    private func loss(_ fixture: ExecutorFixture, ids: [String], step: UInt64) -> Double {
        let reply = fixture.run([fixture.request(.trainStep, mfc: "sft_train", ids: ids, step: step)])[0]
        return reply.statistics.first { $0.name == "sft/loss" }?.value ?? .nan
    }

    @Test func `the reply says what was saved, where and how large it is`() throws {
        let fixture = try ExecutorFixture()
        try fixture.open()
        let reply = save(fixture, step: 3, recoverOnly: false)
        let saved = try #require(reply.saved.first)
        #expect((saved.role, saved.step) == ("actor", 3))
        #expect(saved.path == fixture.folder.file("checkpoints/actor/step-3"))
        #expect(saved.bytes > 10_000)
        #expect(reply.times.map(\.name) == ["post-save"])
    }

    @Test func `a recovered model trains on bit for bit`() throws {
        let fixture = try ExecutorFixture()
        try fixture.open()
        let ids = try fixture.fetch()
        _ = loss(fixture, ids: ids, step: 1)
        let path = try #require(save(fixture, step: 1, recoverOnly: true).saved.first).path
        let expected = [loss(fixture, ids: ids, step: 2), loss(fixture, ids: ids, step: 3)]
        #expect(initialize(fixture, recover: path).error == "")
        #expect([loss(fixture, ids: ids, step: 2), loss(fixture, ids: ids, step: 3)] == expected)
    }

    @Test func `weights alone start with a fresh optimizer`() throws {
        let fixture = try ExecutorFixture()
        try fixture.open()
        let ids = try fixture.fetch()
        _ = loss(fixture, ids: ids, step: 1)
        let path = try #require(save(fixture, step: 1, recoverOnly: true).saved.first).path
        let expected = [loss(fixture, ids: ids, step: 2), loss(fixture, ids: ids, step: 3)]
        #expect(initialize(fixture, weights: path).error == "")
        let again = [loss(fixture, ids: ids, step: 2), loss(fixture, ids: ids, step: 3)]
        #expect(again[0] == expected[0])
        #expect(again[1] != expected[1])
    }

    @Test func `older checkpoints stay: only the orchestrator knows what nothing can need any more`() throws {
        let fixture = try ExecutorFixture()
        try fixture.open()
        let paths = (UInt64(1)...5).compactMap { save(fixture, step: $0, recoverOnly: true).saved.first?.path }
        #expect(paths.count == 5)
        for path in paths { #expect(CheckpointOnDisk.isWhole(path)) }
    }

    @Test func `a checkpoint made with another vocabulary is refused`() throws {
        let first = try ExecutorFixture()
        try first.open()
        let path = try #require(save(first, step: 1, recoverOnly: false).saved.first).path
        let other = try ExecutorFixture(rows: TinyTrial.rows.map { $0.replacing("+", with: "*") })
        #expect(initialize(other, weights: path).error.contains("another vocabulary"))
    }

    @Test func `a checkpoint that is not there is an error with its path`() throws {
        let fixture = try ExecutorFixture()
        #expect(initialize(fixture, recover: "/none/step-1").error.contains("/none/step-1"))
    }
}
