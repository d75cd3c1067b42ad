import Protocol
import Testing

@testable import Cockpit
@testable import Orchestrator

/// What a resume says of where it begins.
@Suite struct StartNoteTests {
    private func note(from step: Int, recorded: Int, asked: Int?) throws -> String? {
        let id = try StoredHome.id("first")
        let started = StartedTrial(id: id, pid: 1, attempt: 2, resumeStep: step, recordedStep: recorded)
        let request = LaunchRequest(experiment: "sft", trial: "first", recoverMode: .resume, resumeFrom: asked)
        return StartNote.text(of: started, request)
    }

    @Test func `a beginning that was asked for is told as one`() throws {
        #expect(try note(from: 0, recorded: 40, asked: 0) == "sft/first begins anew, as --resume-from 0 asks for")
    }

    @Test func `a beginning that nobody asked for says why`() throws {
        #expect(
            try note(from: 0, recorded: 40, asked: nil)
                == "sft/first begins anew: no checkpoint was written before it ended at step 40")
        #expect(try note(from: 0, recorded: 0, asked: nil) == "sft/first begins anew")
    }

    @Test func `the step that it goes on from is named, also where it was asked for`() throws {
        #expect(try note(from: 20, recorded: 40, asked: 20) == "sft/first goes on from step 20")
    }
}
