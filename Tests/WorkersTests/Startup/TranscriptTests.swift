import Foundation
import Protocol
import SwiftProtobuf
import TestSupport
import Testing

@testable import Workers

/// A transcript for whoever writes a worker in another language. `UPDATE_GOLDEN=1` records it anew.
@Suite struct `The transcript of a model worker` {
    private static func folder() throws -> TemporaryFolder {
        let folder = TemporaryFolder(), rows = try String(contentsOfFile: Transcript.rows, encoding: .utf8)
        folder.write(rows, to: "train.jsonl")
        return folder
    }

    @Test func `is what a model worker answers to the recorded orchestrator and master`() throws {
        if ProcessInfo.processInfo.environment["UPDATE_GOLDEN"] != nil { try record() }
        let folder = try Self.folder(), transcript = try Transcript.read(folder: folder.path)
        let stage = try TranscriptStage(folder: folder)
        do {
            for line in transcript.lines where line.kind != .telemetry && line.kind != .acknowledgement {
                if line.kind.isOfWorker {
                    try Self.expect(try stage.next(like: line), is: line)
                } else {
                    try stage.say(line)
                }
            }
        } catch {
            Issue.record("\(describe(error))")
            try stage.dismiss()
        }
        #expect(stage.exitStatus() == 0)
        let told = Transcript.records(of: stage.batches)
        let recorded = Transcript.records(of: transcript.lines.compactMap { $0.message as? WireTelemetryBatch })
        #expect(told.spans == recorded.spans)
        #expect(told.logs == recorded.logs)
        #expect(!told.spans.isEmpty)
    }

    private static func expect(_ line: Transcript.Line, is recorded: Transcript.Line) throws {
        #expect(try line.withoutTimes.text == recorded.withoutTimes.text)
        #expect(line.statistics.map(\.name) == recorded.statistics.map(\.name))
        for (now, then) in zip(line.statistics, recorded.statistics) where !now.name.hasSuffix("per_second") {
            #expect(abs(now.value - then.value) <= 1e-3 * max(1, abs(then.value)), "\(now.name)")
        }
    }

    @Test func `is written again from what was read of it, and read again from its frames`() throws {
        let texts = try String(contentsOfFile: Transcript.file, encoding: .utf8).split(separator: "\n")
        for text in texts {
            let line = try Transcript.Line(String(text))
            #expect(try line.text == text)
            let read = try WireCodec.decode(line.kind.type, from: WireCodec.encode(line.message))
            #expect(try Transcript.Line(line.kind, read).text == text)
        }
        #expect(texts.count > 10)
    }

    @Test func `has every kind of message, and the plan as it is read`() throws {
        let lines = try Transcript.read().lines
        #expect(Set(lines.map(\.kind)) == Set(Transcript.Kind.allCases))
        let commands = lines.compactMap { $0.message as? WireWorkerCommand }
        #expect(try TrialPlan(try #require(commands.first).configure.plan) == Self.plan(Transcript.folder))
        #expect(commands.dropFirst().map(\.order) == ["start"])
        let handles = lines.compactMap { ($0.message as? WireRequest)?.handleName }
        #expect(
            handles == [
                "spec", "model_config", "initialize", "flush", "evaluate", "flush", "fetch", "train_step", "flush",
                "clear_data_cache", "train_step", "flush", "evaluate", "flush", "clear_data_cache", "clear_data_cache",
                "reset",
            ])
    }
}

// MARK: - Recording

extension `The transcript of a model worker` {
    private static func plan(_ folder: String) -> TrialPlan {
        let rows = "\(folder)/train.jsonl"
        var plan = TinyTrial.plan(train: rows, heldOut: rows, supervisedSteps: 2, policySteps: 0)
        plan.modelWorkers.removeLast()
        return plan
    }

    /// Lets a worker run the trial under the rules of the real master, and writes down what is said.
    private func record() throws {
        let folder = try Self.folder(), stage = try TranscriptStage(folder: folder)
        var recorder = try Recorder(plan: Self.plan(folder.path), folder: folder.path)
        while !recorder.isOver {
            for line in try stage.listen() {
                for answer in try recorder.take(line) { try stage.say(answer) }
            }
        }
        #expect(stage.exitStatus() == 0)
        try Transcript(lines: recorder.lines).write(folder: folder.path)
    }

    private struct Recorder {
        let plan: TrialPlan
        let folder: String
        var core: MasterCore
        var lines: [Transcript.Line] = []
        var isOver = false
        private var isConfigured = false

        init(plan: TrialPlan, folder: String) throws {
            self.plan = plan
            self.folder = folder
            core = try MasterCore(MasterSettings(plan: plan, attempt: 1, checkpoints: "\(folder)/checkpoints"))
        }

        /// Writes down what the worker said, and what is answered to it.
        mutating func take(_ line: Transcript.Line) throws -> [Transcript.Line] {
            // One heartbeat stands for all.
            if line.isHeartbeat, !isConfigured { return [] }
            let answers = try answers(to: line)
            lines += [line] + answers
            return answers
        }

        private mutating func answers(to line: Transcript.Line) throws -> [Transcript.Line] {
            switch line.message {
            case let report as WireWorkerReport: return answers(to: report)
            case let reply as WireReply:
                let event: MasterEvent =
                    switch try WorkerMessage(reply) {
                    case .joined(let worker): .joined(worker: worker)
                    case .reply(let reply): .reply(reply)
                    }
                return try core.handle(event, now: RunClock.bootNanoseconds()).compactMap { action in
                    guard case .send(_, let request) = action else { return nil }
                    return .init(.request, request.wire)
                }
            default: return []
            }
        }

        private mutating func answers(to report: WireWorkerReport) -> [Transcript.Line] {
            switch report.body {
            case .hello: return [.init(.command, configure)]
            case .heartbeat:
                isConfigured = false
                return [.init(.command, WireWorkerCommand.make { $0.order = WorkerOrder.start.rawValue })]
            case .state(let change):
                isConfigured = change.state == WorkerState.configured.rawValue
                isOver = change.state == WorkerState.completed.rawValue
                return []
            default: return []
            }
        }

        private var configure: WireWorkerCommand {
            WireWorkerCommand.make {
                $0.configure.plan = plan.wire
                $0.configure.runtimeFolder = folder
                $0.configure.trialFolder = folder
                $0.configure.attempt = 1
            }
        }
    }
}
