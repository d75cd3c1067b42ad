import Foundation
import Glibc
import Protocol
import Store
import Synchronization
import TestSupport
import Testing

@testable import Orchestrator

@Suite struct `The supervising loop` {
    @Test func `brings workers from hello to running and the trial to completion`() throws {
        let bench = try LoopBench { worker, _ in worker == .master ? .completes : .obedient }
        let (status, story) = bench.run()
        #expect(status == .completed)
        #expect(story == ["starting", "attempt 1 from 0", "running", "completed"])
        #expect(bench.spawner.spawned == ["master_worker/0#1", "model_worker/0#1", "model_worker/1#1"])
    }

    @Test func `sends every worker the plan and where to resume from`() throws {
        let bench = try LoopBench { worker, _ in worker == .master ? .completes : .obedient }
        let checkpoint = "\(bench.trial.checkpoints(of: .actor))/step-20"
        try FolderFiles.makeFolder(checkpoint)
        try FolderFiles.replace("\(checkpoint)/manifest.json", with: [])
        _ = bench.run()
        let configurations = bench.spawner.configurations.list
        #expect(configurations.map(\.resumeStep) == [20, 20, 20])
        #expect(configurations.map(\.trialFolder) == Array(repeating: bench.trial.path, count: 3))
        #expect(try TrialPlan(configurations[0].plan) == Samples.plan())
    }

    @Test func `starts another attempt of everybody when one of them crashes`() throws {
        let bench = try LoopBench { worker, attempt in
            if attempt == 1 { return worker == WorkerID(.model, 1) ? .crashes : .obedient }
            return worker == .master ? .completes : .obedient
        }
        let (status, story) = bench.run()
        #expect(status == .completed)
        #expect(
            story == [
                "starting", "attempt 1 from 0", "running", "worker_failed model_worker/1",
                "starting model_worker/1 was killed by signal 11 (SIGSEGV)", "restarting model_worker/1", "starting",
                "begins_anew ", "attempt 2 from 0", "running", "completed",
            ])
        #expect(bench.spawner.spawned.count == 6)
    }

    @Test func `gives up when the crashes do not end, and reports the first cause`() throws {
        let bench = try LoopBench(policy: RestartPolicy(limit: 2, firstDelay: 1_000_000)) { worker, _ in
            worker == WorkerID(.model, 0) ? .crashes : .obedient
        }
        let (status, story) = bench.run()
        #expect(status == .failed)
        #expect(
            story.last == """
                failed model_worker/0 was killed by signal 11 (SIGSEGV)
                each of the last 3 attempts: model_worker/0 was killed by signal 11 (SIGSEGV)
                2 restarts within 120 s are the limit
                """)
        #expect(bench.spawner.spawned.count == 9)
    }

    @Test func `reports what a worker said before it failed`() throws {
        let bench = try LoopBench(policy: RestartPolicy(limit: 0)) { worker, _ in
            worker == WorkerID(.model, 0) ? .fails("loss is not finite") : .obedient
        }
        #expect(bench.run().story.last == "failed model_worker/0 reported an error\nloss is not finite")
    }

    @Test func `hears a stop while a full disk keeps its end from being stored, and has not completed then`() throws {
        let bench = try LoopBench { worker, _ in worker == .master ? .completes : .obedient }
        let log = FakeStoreLog(), id = bench.trial.id, home = bench.trial.home, hasEnded = bench.hasEnded
        log.fill(true)
        let ingest = try IngestThread.start(
            IngestThread.Parts(
                context: ZeroMQContext(), runtime: RuntimeFolder.expected(for: bench.trial), folder: bench.trial,
                plan: try Samples.plan(), openStore: { FakeStore(log, id: id) },
                openCatalog: { try RunCatalog.open(home: home) }), queue: bench.queue)
        let answer = Mutex("")
        let status = try withThread({
            _ = try? Poller.wait([hasEnded.pollItem], timeout: .seconds(120))
            let text = (try? TrialControl.send(.stop, to: id, home: home)) ?? "no answer"
            answer.withLock { $0 = text }
        }) { bench.run(storedBy: ingest) }
        #expect(status == .stopped)
        #expect(answer.withLock { $0 } == "stopping without what cannot be stored")
        #expect(RunRecord.read(bench.trial)?.status == .stopped)
    }

    @Test func `stops on command from another place`() throws {
        let bench = try LoopBench { _, _ in .obedient }
        let started = bench.spawner.masterStarted, home = bench.trial.home, id = bench.trial.id
        let answer = Mutex("")
        let user = try withThread({
            _ = try? Poller.wait([started.pollItem], timeout: .seconds(120))
            let text = (try? TrialControl.send(.stop, to: id, home: home)) ?? "no answer"
            answer.withLock { $0 = text }
        }) { bench.run() }
        #expect(user.status == .stopped)
        #expect(user.story.last == "stopped stopped by command; nothing was saved, a resume begins anew")
        #expect(answer.withLock { $0 }.hasPrefix("stopping: waits for "))
    }

    @Test func `kills who does not leave when asked a third time`() throws {
        let bench = try LoopBench { _, _ in .deaf }
        let started = bench.spawner.masterStarted, home = bench.trial.home, id = bench.trial.id
        let end = try withThread({
            _ = try? Poller.wait([started.pollItem], timeout: .seconds(120))
            // Stops within a second are one.
            for _ in 1...3 {
                _ = try? TrialControl.send(.stop, to: id, home: home)
                _ = try? Poller.wait([], timeout: .milliseconds(1100))
            }
        }) { bench.run() }
        #expect(end.status == .stopped)
    }

    @Test func `refuses garbage on its sockets and goes on`() throws {
        let bench = try LoopBench { _, _ in .obedient }
        let started = bench.spawner.masterStarted, home = bench.trial.home, id = bench.trial.id
        let runtime = RuntimeFolder.expected(for: bench.trial)
        let end = try withThread({
            _ = try? Poller.wait([started.pollItem], timeout: .seconds(120))
            try? throwGarbage(at: [runtime.control(), runtime.commands()])
            _ = try? TrialControl.send(.stop, to: id, home: home)
        }) { bench.run() }
        #expect(end.status == .stopped)
    }

    @Test func `answers an unknown worker with the names of those there are`() throws {
        let bench = try LoopBench { _, _ in .obedient }
        let started = bench.spawner.masterStarted, home = bench.trial.home, id = bench.trial.id
        let refusal = Mutex("")
        _ = try withThread({
            _ = try? Poller.wait([started.pollItem], timeout: .seconds(120))
            do {
                _ = try TrialControl.send(.killWorker, worker: WorkerID(.model, 7), to: id, home: home)
            } catch {
                refusal.withLock { $0 = (error as? ControlError)?.summary ?? "\(error)" }
            }
            _ = try? TrialControl.send(.stop, to: id, home: home)
        }) { bench.run() }
        #expect(
            refusal.withLock { $0 }
                == "grpo-arith/first refused: no living worker of that name; there are master_worker/0, model_worker/0, "
                + "model_worker/1")
    }
}

/// Runs `other` on a thread of its own while `body` runs here.
private func withThread<Result>(_ other: @escaping @Sendable () -> Void, _ body: () -> Result) throws -> Result {
    let thread = try TestThread(other)
    defer { thread.join() }
    return body()
}

@Sendable private func throwGarbage(at endpoints: [Endpoint]) throws {
    let context = ZeroMQContext()
    for endpoint in endpoints {
        let socket = try ZeroMQSocket.open(context, .dealer, options: SocketOptions(lingerMilliseconds: 1000))
        try socket.connect(endpoint)
        for frames in [[[0xff, 0x01, 0x02]], [[]], [[1], [2], [3]]] as [[[UInt8]]] { _ = try socket.send(frames) }
    }
}
