import Protocol
import Testing

@Suite struct NamesTests {
    @Test(arguments: ["first", "run-2026", "a.b", "t1", String(repeating: "x", count: 64)])
    func `plain names are taken as they are`(name: String) throws {
        #expect(try TrialName(name).description == name)
        #expect(try ExperimentName(name).description == name)
    }

    @Test(arguments: [
        "", "a_b", "a/b", "../up", ".hidden", "-flag", "with space", "tab\t", "ü", "a@b", "a\\b", "a\u{1b}[2J",
        String(repeating: "x", count: 65),
    ])
    func `names that could hurt paths, job names or terminals are refused`(name: String) {
        #expect(throws: NameError.self) { try TrialName(name) }
    }

    @Test func `a refused name says which character and offers a repaired one`() {
        let error = #expect(throws: NameError.self) { try TrialName("my_trial") }
        #expect(
            error?.summary == "trial name 'my_trial' has a '_', which separates experiment from trial in job names.")
        #expect(error?.hint == "use a name like 'my-trial'")
        #expect(error?.exitCode == 2)
    }

    @Test func `a worker id survives being written and read`() {
        #expect(WorkerID("model_worker/3") == WorkerID(.model, 3))
        #expect(WorkerID(.model, 3).description == "model_worker/3")
        #expect(WorkerID.master.fileName == "master_worker-0")
    }

    @Test(arguments: ["", "model_worker", "model_worker/", "model_worker/-1", "model_worker/1/2", "data_worker/0"])
    func `text that is no worker id is refused`(text: String) {
        #expect(WorkerID(text) == nil)
    }

    @Test func `the master sorts before model workers, and those by index`() {
        #expect(
            [WorkerID(.model, 1), WorkerID(.model, 0), .master].sorted() == [
                .master, WorkerID(.model, 0), WorkerID(.model, 1),
            ])
    }

    @Test func `a shard prints its ranks in the order pp tp dp`() {
        #expect(ModelShardID(ModelName(.actor), pipeline: 1, data: 2, tensor: 3).description == "actor@pp01@tp03@dp02")
        #expect(ModelName(.actor, replica: 1).description == "actor@1")
    }
}
