import Compute
import Protocol
import Testing

@testable import Workers

@Suite struct TokenSequencesTests {
    private func sample(masks: [UInt8], lengths: [[Int]] = [[3, 2], [2]]) throws -> SequenceSample {
        try SequenceSample(
            ids: ["a", "b"],
            columns: [
                .packedInputIDs: .init(lengths: [[3, 2], [2]], array: .int32([1, 2, 3, 1, 4, 5, 6])),
                .promptMask: .init(lengths: lengths, array: .uint8(masks)),
            ])
    }

    @Test func `groups come apart into sequences with their prompts marked`() throws {
        let sequences = try TokenSequences(sample(masks: [1, 0, 0, 1, 0, 1, 1]))
        #expect(sequences.groupSizes == [2, 1])
        #expect(sequences.map(\.tokens) == [[1, 2, 3], [1, 4], [5, 6]])
        #expect(sequences.map { Array($0.answer) } == [[2, 3], [4], []])
    }

    @Test func `tokens and masks of different lengths are refused`() throws {
        let odd = try sample(masks: [1, 0, 1, 0, 0, 1, 1], lengths: [[2, 3], [2]])
        #expect(throws: WorkerError.self) { try TokenSequences(odd) }
    }

    @Test func `a key of another element type is refused by name`() throws {
        let sample = try SequenceSample(ids: ["a"], columns: [.rewards: .init(lengths: [[1]], array: .int32([1]))])
        #expect(throws: WorkerError(.storage, "key 'rewards' does not hold Float data here")) {
            try sample.sequences(of: .rewards, as: Float.self)
        }
    }

    @Test func `metadata holds no data to cut`() throws {
        let metadata = try sample(masks: [1, 0, 0, 1, 0, 1, 1]).metadata
        #expect(throws: WorkerError.self) { try metadata.sequences(of: .packedInputIDs, as: Int32.self) }
    }
}

@Suite struct ErrorReportTests {
    @Test func `errors of the compute core read like all others`() {
        let error = ComputeError(.invalidBatch, summary: "No.", detail: "Because.", hint: "Do this.")
        #expect(describe(error) == "No.\nBecause.\nhint: Do this.")
    }

    @Test func `a report leaves out what is empty`() {
        #expect(describe(WorkerError(.plan, "No.")) == "No.")
    }

    @Test func `a dataset error tells how to go on`() {
        let error = DatasetError(.badRow, path: "d.jsonl", line: 4, reason: "broken")
        #expect(
            describe(error) == """
                d.jsonl:4: broken
                hint: correct the row, or set dataset.bad_row=skip to leave such rows out
                """)
    }
}
