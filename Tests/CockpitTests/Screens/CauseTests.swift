import Protocol
import Testing

@testable import Cockpit
@testable import Store

/// The cause of a failure is told whole.
@Suite("The cause of a failure")
struct CauseTests {
    /// What a worker of the product reports: a sentence, what was found, and a hint.
    private static let report = """
        model_worker/0 reported an error
        actor_train of step 38 failed: the gradient norm is nan at step 38
          the loss was nan in micro-batch 2 of 4, first in sequence '17'
          hint: lower the learning rate with grpo.lr=1e-5, or train in float32 with grpo.precision=fp32
        """

    private func failed(_ size: Size) throws -> AppState {
        var state = try StateFixtures.live()
        state.size = size
        state.run?.snapshot?.status = .failed
        state.run?.snapshot?.statusDetail = Self.report
        return state
    }

    @Test(arguments: [Size(width: 80, height: 24), Size(width: 120, height: 36), Size(width: 200, height: 60)])
    func `is whole in its banner, wrapped where it is narrow`(size: Size) throws {
        let screen = ScreenPicture.text(try failed(size))
        let words = Self.report.split(whereSeparator: { $0 == " " || $0.isNewline })
        for word in words { #expect(screen.contains(word), "\(word) at \(size.width)x\(size.height)") }
        #expect(screen.contains("R resumes"))
        #expect(!screen.contains("more lines"))
    }

    @Test func `that is longer than the screen says how much is missing and where it is`() throws {
        var state = try failed(Size(width: 80, height: 24))
        state.run?.snapshot?.statusDetail = (1...60).map { "line \($0)" }.joined(separator: "\n")
        let screen = ScreenPicture.text(state)
        #expect(screen.contains("more lines: cockpit logs"))
        #expect(screen.contains("step 230/460"), "the header stays")
    }

    @Test func `is wrapped in the log without a key`() throws {
        var state = try StateFixtures.live()
        state.size = Size(width: 80, height: 24)
        state.run?.focus = .logs
        state.run?.isZoomed = true
        state.run?.snapshot?.logs = [
            LogRow(
                id: 1, time: 0, worker: "model_worker/0", level: .error,
                message: "the loss is nan " + String(repeating: "and so on ", count: 12) + "to its very end")
        ]
        #expect(ScreenPicture.text(state).contains("to its very end"))
    }
}
