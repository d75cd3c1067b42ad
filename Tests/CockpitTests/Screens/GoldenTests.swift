import Foundation
import Protocol
import Testing

@testable import Cockpit
@testable import Store

/// Whole screens against text files; `UPDATE_GOLDEN=1` writes the files anew.
@Suite struct GoldenTests {
    enum Scene: String, CaseIterable, Sendable {
        case welcome, trials, live, replay, timeline, launch, help, palette, confirm, failed, charts, log

        func state(_ size: Size) throws -> AppState {
            switch self {
            case .welcome: return StateFixtures.empty(size)
            case .trials: return try StateFixtures.home(size)
            case .live: return try StateFixtures.live(size)
            case .replay: return try StateFixtures.replay(size)
            case .timeline: return try pressed("3ll", size)
            case .launch: return try StateFixtures.form(size)
            case .help: return try pressed("?", size)
            case .palette: return try pressed(":the", size)
            case .confirm: return try pressed("s", size)
            case .failed: return try failed(size)
            case .charts:
                var state = try StateFixtures.live(size)
                state.run?.focus = .charts
                ScreenPicture.press("z", on: &state)
                return state
            case .log: return try pressed("8", size)
            }
        }

        private func pressed(_ keys: String, _ size: Size) throws -> AppState {
            var state = try StateFixtures.live(size)
            ScreenPicture.press(keys, on: &state)
            return state
        }

        /// Everything that can be wrong at once.
        private func failed(_ size: Size) throws -> AppState {
            var state = try StateFixtures.live(size)
            var snapshot = try RunFixtures.snapshot(status: .failed)
            snapshot.statusDetail =
                "model_worker/1 was killed by signal 9 (3 times in 60 s; gave up)\nlast words: out of memory"
            snapshot.events.append(
                LifecycleRow(
                    time: 599 * RunFixtures.second, kind: "worker_failed", worker: "model_worker/1", detail: ""))
            snapshot.workers[2] = RunFixtures.worker(
                "model_worker/1", .failed, "", 230, 0, 590 * RunFixtures.second, detail: "signal 9", restarts: 3)
            snapshot.droppedRecords = 1_284
            snapshot.damage = ["chunk 12 of sft/loss: wrong checksum"]
            state.run?.item?.status = .failed
            state.run?.snapshot = snapshot
            return state
        }
    }

    static let sizes = [StateFixtures.small, StateFixtures.middle, StateFixtures.large]

    @Test(arguments: Scene.allCases, sizes)
    func `each screen looks as it was approved`(scene: Scene, size: Size) throws {
        let text = ScreenPicture.text(try scene.state(size))
        try Golden.expect(text, file: "\(scene.rawValue)-\(size.width)x\(size.height).txt")
    }

    @Test(arguments: [Scene.live, .trials, .timeline, .replay])
    func `each screen reads in ASCII`(scene: Scene) throws {
        let text = ScreenPicture.text(try scene.state(StateFixtures.middle), glyphs: .ascii)
        try Golden.expect(text, file: "\(scene.rawValue)-120x36-ascii.txt")
    }
}

/// Text files of approved screens, beside the tests.
enum Golden {
    private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Golden")

    static func expect(_ text: String, file: String, sourceLocation: SourceLocation = #_sourceLocation) throws {
        let url = folder.appendingPathComponent(file)
        if ProcessInfo.processInfo.environment["UPDATE_GOLDEN"] != nil {
            try Data(text.utf8).write(to: url)
            return
        }
        let approved = try String(contentsOf: url, encoding: .utf8)
        let differing = zip(
            approved.split(separator: "\n", omittingEmptySubsequences: false),
            text.split(separator: "\n", omittingEmptySubsequences: false)
        )
        .first { $0 != $1 }
        #expect(
            approved == text,
            "\(file) differs, first:\n  approved \(differing?.0 ?? "")\n  now      \(differing?.1 ?? "")\nif that is right: UPDATE_GOLDEN=1",
            sourceLocation: sourceLocation)
    }
}
