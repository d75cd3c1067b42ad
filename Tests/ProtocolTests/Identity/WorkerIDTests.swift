import Foundation
import Protocol
import TestSupport
import Testing

@Suite struct WorkerIDTests {
    @Test(arguments: [
        ("master_worker/0", WorkerID.master, "master_worker-0"),
        ("model_worker/0", WorkerID(.model, 0), "model_worker-0"),
        ("model_worker/12", WorkerID(.model, 12), "model_worker-12"),
        ("model_worker/9223372036854775807", WorkerID(.model, .max), "model_worker-9223372036854775807"),
    ])
    func `an id reads and writes one form and names its log`(text: String, id: WorkerID, file: String) {
        #expect(WorkerID(text) == id)
        #expect(id.description == text)
        #expect(id.fileName == file)
    }

    @Test(arguments: [
        "model_worker/+1", "model_worker/01", "model_worker/00", "model_worker/-0", "model_worker/ 1",
        "model_worker/1 ", "model_worker/1\n", "model_worker/0x1", "model_worker/１", "model_worker/1.0",
        "model_worker/9223372036854775808", "Model_worker/1", "model/1", "model-worker/1", "/1", "/", "//",
        "model_worker//1", "/model_worker/1", "model_worker/1/", "orchestrator", "master_worker0",
    ])
    func `a second spelling of an id is no id`(text: String) {
        #expect(WorkerID(text) == nil)
    }

    @Test(arguments: UInt64(1)...10)
    func `any text that is read as an id is what that id writes`(seed: UInt64) {
        var random = SplitMix(seed: seed)
        let pieces = ["model_worker", "master_worker", "/", "0", "1", "-", "+", " ", "9"]
        for _ in 0..<300 {
            let count = Int.random(in: 0...5, using: &random)
            let text = (0..<count).map { _ in pieces.randomElement(using: &random) ?? "" }.joined()
            if let id = WorkerID(text) { #expect(id.description == text) }
        }
    }

    @Test func `ids sort by kind and then by number, not by letters`() {
        let sorted = ["master_worker/0", "master_worker/1", "model_worker/0", "model_worker/2", "model_worker/10"]
        var random = SplitMix(seed: 1)
        for _ in 0..<20 {
            let ids = sorted.shuffled(using: &random).compactMap { WorkerID($0) }
            #expect(ids.sorted().map(\.description) == sorted)
        }
    }

    @Test func `a shard names model, pipeline, tensor and data rank in that order, in two digits at least`() {
        let cases: [(ModelShardID, String)] = [
            (ModelShardID(ModelName("actor")), "actor@pp00@tp00@dp00"),
            (ModelShardID(ModelName("actor"), pipeline: 9, data: 10, tensor: 100), "actor@pp09@tp100@dp10"),
            (ModelShardID(ModelName("reward", replica: 2), data: 1), "reward@2@pp00@tp00@dp01"),
        ]
        for (shard, text) in cases { #expect(shard.description == text) }
    }

    @Test func `workers come back from JSON`() throws {
        let worker = WorkerID(.model, 4)
        #expect(try JSONDecoder().decode(WorkerID.self, from: JSONEncoder().encode(worker)) == worker)
        #expect(throws: DecodingError.self) {
            try JSONDecoder().decode(WorkerID.self, from: Data(#"{"kind":"data","index":0}"#.utf8))
        }
    }
}

extension ModelName {
    fileprivate init(_ role: String, replica: Int = 0) { self.init(ModelRole(role), replica: replica) }
}
