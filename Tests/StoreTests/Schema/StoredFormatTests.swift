import GRDB
import Protocol
import TestSupport
import Testing

@testable import Store

/// A run as version 1 wrote it, row by row: what stands here must be read for ever.
@Suite struct StoredFormatTests {
    private static let rows = #"""
        INSERT INTO run VALUES (1, 'sft', 'first', 1000000, 100, '{"id":{"experiment":"sft","trial":"first"},' ||
          '"lanes":[{"interfaceType":"train_step","mfc":"train","role":"actor","worker":"model_worker\/0"}],' ||
          '"seed":18446744073709551615,"settings":{"model.layers":"4"},"startedWall":1000000,"totalSteps":100,' ||
          '"workers":["master_worker\/0","model_worker\/0"]}', 'completed', 'done', 5000, NULL, NULL, 5000, 3);
        INSERT INTO attempt VALUES (1, 0, 0, 'first');
        INSERT INTO lifecycle VALUES (1, 0, 'started', NULL, '', 'first');
        INSERT INTO lifecycle VALUES (2, 5000, 'completed', 'completed', '', 'done');
        INSERT INTO source VALUES ('model_worker/0', 1, 5, 3);
        INSERT INTO series VALUES (1, 'loss', 4, 1, 20, 4000, 0.5, 1678195808);
        INSERT INTO series VALUES (2, 'n', 4, 1, 20, 4000, 4.0, 3069942344);
        INSERT INTO column_set VALUES (1, '[1,2]', 474691749);
        INSERT INTO tail VALUES (4294967296, 1, 20, 4000, X'000000000000E03F0000000000001040', 606923864);
        INSERT INTO block VALUES (1, 1, 1, 3, 5, 15, 5, NULL, 1000, 3000, X'02D00F0000', 1266663089);
        INSERT INTO chunk VALUES (1, 1, 1, 3, 0, 6.66666666666666629659e-01, 2.0,
          3.66666666666666651863e+00, 6.66666666666666629659e-01, 7484256, 3376417667, X'504000000000000000C12BFFE5E955555555555550');
        INSERT INTO chunk VALUES (2, 2, 1, 3, 0, 1.0, 3.0, 6.0, 3.0, 1288870101, 2150384302, X'10020406');
        INSERT INTO span VALUES (1, 1, 'model_worker/0', 1, 'train', 'main', 'train_step', 'actor', 1,
          1000, 1500, 0, 0, 0);
        INSERT INTO span VALUES (2, 1, 'model_worker/0', 2, 'train', 'main', 'train_step', 'actor', 2,
          2000, 2500, 0, 0, 0);
        INSERT INTO span VALUES (3, 1, 'model_worker/0', 3, 'train', 'main', 'train_step', 'actor', 3,
          3000, 3500, 0, 0, 0);
        INSERT INTO span VALUES (4, 1, 'model_worker/0', 4, 'train', 'main', 'train_step', 'actor', 4,
          4000, 4500, 0, 0, 0);
        INSERT INTO buffer_event VALUES (1, 1, 4400, 0, '', '', 0, 0, 0, 0, '{"train":2}', '[1,1]', 0);
        INSERT INTO log VALUES (1, 4100, 'model_worker/0', 2, '训练' || char(0));
        INSERT INTO worker VALUES ('model_worker/0', 4200, 'running', '', '', 0, 7, 0, 0);
        INSERT INTO worker_event VALUES (1, 4200, 'model_worker/0', 'running', '', '', 0, 7, 0, 0);
        INSERT INTO checkpoint VALUES (1, 1, 4300, 15, 'actor', 'checkpoints/actor/step-15', 1000, 3723701450);
        """#

    private func stored() throws -> (path: String, folder: TemporaryFolder) {
        let folder = TemporaryFolder()
        let path = folder.write("", to: "run.sqlite")
        let file = try SQLiteFile(creating: path)
        try file.access { database in
            try SchemaMigrator(applicationID: 0x636b_7074, migrations: [RunSchema.migrations[0]])
                .migrate(database, from: 0)
            try database.execute(sql: Self.rows)
        }
        try file.close()
        return (path, folder)
    }

    /// The same run, made by the writer of today.
    private func written() throws -> RunBuilder {
        let run = try RunBuilder()
        for step in 1...4 {
            let time = Int64(step) * 1000
            _ = try run.writer.append(
                Batch.of(seq: step) { batch in
                    batch.metrics = [
                        Batch.block(step * 5, [("loss", 2.0 / Double(step)), ("n", Double(step))], time: time)
                    ]
                    batch.spans = [Batch.span(step, start: time, end: time + 500, step: step)]
                })
            if step == 3 { try run.writer.sealEverything() }
        }
        _ = try run.writer.append(
            Batch.of(seq: 5) { batch in
                batch.logs = [Batch.log("训练\u{0}", level: .warning, time: 4100)]
                batch.states = [Batch.state(.running, time: 4200, pid: 7)]
                batch.checkpoints = [Batch.checkpoint(15, time: 4300)]
                var buffer = WireBufferRecord()
                buffer.timeNs = 4400
                buffer.ready = ["train": 2]
                buffer.staleness = [1, 1]
                batch.buffers = [buffer]
                batch.dropped = 3
            })
        try run.writer.setStatus(.completed, detail: "done", time: 5000, orchestrator: nil)
        try run.writer.close()
        return run
    }

    @Test func `a run that version 1 stored is read as it was meant`() throws {
        let (path, folder) = try stored()
        let reader = try StoredRun.open(path: path)
        #expect(try reader.points(of: "loss").map(\.value) == [2, 1, 2.0 / 3, 0.5])
        #expect(try reader.points(of: "n").map(\.step) == [5, 10, 15, 20])
        #expect(try reader.points(of: "n").map(\.time) == [1000, 2000, 3000, 4000])
        let snapshot = try reader.snapshot(RunQuery())
        #expect(snapshot.header == (try RunBuilder.header()))
        #expect(snapshot.damage == [])
        #expect(snapshot.status == .completed)
        #expect(snapshot.spans.map(\.end) == [1500, 2500, 3500, 4500])
        #expect(snapshot.logs.map(\.message) == ["训练\u{0}"])
        #expect(snapshot.checkpoints.map(\.path) == ["checkpoints/actor/step-15"])
        #expect(snapshot.buffer?.ready == ["train": 2])
        #expect(snapshot.droppedRecords == 3)
        #expect(try Integrity.check(path: path).findings == [])
        withExtendedLifetime(folder) {}
    }

    @Test func `it reads the same as what is written today`() throws {
        let (path, folder) = try stored()
        let query = RunQuery(metrics: ["loss", "n"], columns: 3)
        let today = try written().reader().snapshot(query)
        #expect(try StoredRun.open(path: path).snapshot(query) == today)
        withExtendedLifetime(folder) {}
    }

    @Test func `its trial can go on`() throws {
        let (path, folder) = try stored()
        let writer = try RunWriter.open(path: path)
        #expect(try writer.append(Batch.of(seq: 5)) == .repeated(5))
        let next = Batch.of(seq: 6) { $0.metrics = [Batch.block(25, [("loss", 0.25), ("n", 5)], time: 6000)] }
        #expect(try writer.append(next) == .accepted(6))
        try writer.sealEverything()
        try writer.close()
        #expect(try StoredRun.open(path: path).points(of: "n").map(\.value) == [1, 2, 3, 4, 5])
        #expect(try Integrity.check(path: path).findings == [])
        withExtendedLifetime(folder) {}
    }
}
