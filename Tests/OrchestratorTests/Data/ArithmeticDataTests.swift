import Foundation
import Orchestrator
import TestSupport
import Testing

@Suite struct `The arithmetic dataset` {
    private let folder = TemporaryFolder()

    private func lines(_ path: String) throws -> [String] {
        try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").map(String.init)
    }

    @Test func `has every two-digit addition once, and none both in training and held out`() throws {
        let written = try ArithmeticData.write(to: folder.file("data"), seed: 1, heldOutRows: 500)
        let training = try lines(written.training), heldOut = try lines(written.heldOut)
        #expect(training.count == 7600)
        #expect(heldOut.count == 500)
        #expect(Set(training + heldOut).count == 8100)
        #expect((training + heldOut).contains(#"{"id":"12+34","prompt":"12+34=","answer":"46"}"#))
    }

    @Test func `is the same for one seed and another for another`() {
        #expect(ArithmeticData.rows(seed: 1) == ArithmeticData.rows(seed: 1))
        #expect(ArithmeticData.rows(seed: 1) != ArithmeticData.rows(seed: 2))
        #expect(ArithmeticData.rows(seed: 1).first?.prompt == "60+99=")
    }

    @Test(arguments: [0, -1, 8100, 9000])
    func `refuses a split that leaves nothing`(heldOutRows: Int) {
        let error = #expect(throws: DataError.self) {
            try ArithmeticData.write(to: folder.path, seed: 1, heldOutRows: heldOutRows)
        }
        #expect(error?.hint == "choose between 1 and 8099")
    }

    @Test func `says where it cannot write`() {
        let error = #expect(throws: DataError.self) {
            try ArithmeticData.write(to: "/proc/nowhere", seed: 1, heldOutRows: 5)
        }
        #expect(error?.summary == "the dataset cannot be written to /proc/nowhere")
    }
}
