import Glibc
import Protocol
import Synchronization
import TestSupport
import Testing

@testable import Orchestrator

private let second = WorkerID(.model, 1)

@Suite struct `Stories of the supervising loop` {
    @Test func `a trial of which no worker can be started fails, and says why`() throws {
        let bench = try LoopBench { _, _ in .unspawnable }
        let (status, story) = bench.run()
        #expect(status == .failed)
        #expect(
            story.last
                == "failed master_worker/0 could not be started\ncould not start /gone/cockpit: No such file or directory\n"
                + "(2 later failures followed from it)")
        #expect(bench.spawner.spawned.count == 3)
    }

    @Test func `no second attempt begins with other files than the first`() throws {
        let bench = try LoopBench(changedInputs: { ["/m/model.safetensors has other content of the same size"] }) {
            worker, _ in worker == second ? .crashes : .obedient
        }
        let (status, story) = bench.run()
        #expect(status == .failed)
        #expect(bench.spawner.spawned.count == 3)
        #expect(
            story.last?.hasPrefix(
                """
                failed master_worker/0 was not started again: what the trial reads has changed since it began
                /m/model.safetensors has other content of the same size
                put the old files back, or go on with what is there now: cockpit start -e \(bench.trial.id.experiment) \
                -f \(bench.trial.id.trial) --recover-mode resume --accept-changed-inputs
                """) == true, "\(story.last ?? "")")
        #expect(story.last?.contains("later failure") == false)
        #expect(story.last?.contains("could not be started") == false)
    }

    @Test func `a trial of which one worker cannot be started takes the others down`() throws {
        let bench = try LoopBench { worker, _ in worker == second ? .unspawnable : .deaf }
        let (status, story) = bench.run()
        #expect(status == .failed)
        #expect(!story.contains("running"))
        #expect(story.contains("gave_up model_worker/1"))
    }

    @Test func `a worker that refuses its configuration ends the trial at once, in its own words`() throws {
        let bench = try LoopBench { worker, _ in worker == second ? .refuses("row 3 has no answer") : .obedient }
        let (status, story) = bench.run()
        #expect(status == .failed)
        #expect(story.last == "failed model_worker/1 reported an error\nrow 3 has no answer")
        #expect(bench.spawner.spawned.count == 3)
    }

    @Test func `a worker that deserts before the start costs an attempt and no more`() throws {
        let bench = try LoopBench { worker, attempt in
            if worker == second, attempt == 1 { return .deserts }
            return worker == .master ? .completes : .obedient
        }
        let (status, story) = bench.run()
        #expect(status == .completed)
        #expect(story.contains("starting model_worker/1 left before its work was done"))
        #expect(bench.spawner.spawned.count == 6)
    }

    @Test func `attempts follow one another with every worker once in each`() throws {
        let bench = try LoopBench(policy: RestartPolicy(limit: 9, firstDelay: 1_000_000, longestDelay: 1_000_000)) {
            worker, attempt in
            if attempt <= 4 { return worker == WorkerID(.model, attempt % 2) ? .crashes : .obedient }
            return worker == .master ? .completes : .obedient
        }
        #expect(bench.run().status == .completed)
        let workers = ["master_worker/0", "model_worker/0", "model_worker/1"]
        #expect(bench.spawner.spawned == (1...5).flatMap { attempt in workers.map { "\($0)#\(attempt)" } })
    }

    @Test func `a worker of a group of its own begins again while the others go on`() throws {
        var plan = try Samples.plan()
        plan.modelWorkers.append(ModelWorkerPlan(threads: 1, group: "servers"))
        let third = WorkerID(.model, 2), deaths = Mutex(0)
        let bench = try LoopBench(plan) { worker, _ in
            guard worker == third else { return .obedient }
            return deaths.withLock {
                $0 += 1; return $0
            } == 1 ? .crashes : .obedient
        }
        let home = bench.trial.home, id = bench.trial.id, configured = bench.spawner.configurations
        let user = try TestThread {
            #expect(eventually { configured.list.count == 5 })
            _ = try? TrialControl.send(.stop, to: id, home: home)
        }
        let end = bench.run()
        user.join()
        #expect(end.status == .stopped)
        #expect(end.story.filter { $0.hasPrefix("attempt") } == ["attempt 1 from 0"])
        let workers = ["master_worker/0", "model_worker/0", "model_worker/1", "model_worker/2"]
        #expect(bench.spawner.spawned == workers.map { "\($0)#1" } + ["model_worker/2#1.1"])
    }

    @Test func `a signal to the orchestrator stops the trial like the command`() throws {
        let result = Mutex<(status: TrialStatus, story: [String])?>(nil)
        let thread = try TestThread {
            do {
                // Thread-directed, so that it reaches this loop and no other test.
                let signals = try SignalDescriptor([SIGUSR2])
                let bench = try LoopBench(signals: signals) { _, _ in .obedient }
                raise(SIGUSR2)
                let end = bench.run()
                result.withLock { $0 = end }
            } catch {
                Issue.record(error)
            }
        }
        thread.join()
        let end = try #require(result.withLock { $0 })
        #expect(end.status == .stopped)
        #expect(end.story.last == "stopped stopped by a signal; nothing was saved, a resume begins anew")
    }

    @Test func `a worker killed on command is replaced by a new attempt`() throws {
        let bench = try LoopBench { worker, attempt in attempt > 1 && worker == .master ? .completes : .obedient }
        let started = bench.spawner.masterStarted, home = bench.trial.home, id = bench.trial.id
        let answer = Mutex("")
        let user = try TestThread {
            _ = try? Poller.wait([started.pollItem], timeout: .seconds(120))
            let text = (try? TrialControl.send(.killWorker, worker: second, to: id, home: home)) ?? "no answer"
            answer.withLock { $0 = text }
        }
        let (status, story) = bench.run()
        user.join()
        #expect(answer.withLock { $0 } == "killed model_worker/1")
        #expect(status == .completed)
        #expect(story.contains("killed model_worker/1"))
        #expect(story.contains("starting model_worker/1 was killed by signal 9 (SIGKILL)"))
        #expect(story.contains("attempt 2 from 0"))
    }

    @Test func `users who all ask at once are all answered`() throws {
        let bench = try LoopBench { _, _ in .obedient }
        let started = bench.spawner.masterStarted, home = bench.trial.home, id = bench.trial.id
        let answers = Mutex<[String]>([])
        let user = try TestThread {
            _ = try? Poller.wait([started.pollItem], timeout: .seconds(120))
            let crowd = (0..<6).compactMap { _ in
                try? TestThread {
                    let text = (try? TrialControl.send(.status, to: id, home: home)) ?? "no answer"
                    answers.withLock { $0.append(text) }
                }
            }
            for thread in crowd { thread.join() }
            _ = try? TrialControl.send(.stop, to: id, home: home)
        }
        #expect(bench.run().status == .stopped)
        user.join()
        #expect(answers.withLock { $0 } == Array(repeating: "running", count: 6))
    }
}
