import Glibc
import Protocol
import TestSupport
import Testing

@testable import Orchestrator

@Suite struct `A trial in which anything may happen` {
    @Test(arguments: 1...40)
    func `ends once, leaves nobody alive and never runs one worker twice`(round: Int) {
        for seed in UInt64(round * 25)..<UInt64(round * 25 + 25) {
            var trial = RandomTrial(seed: seed)
            trial.begin()
            for _ in 0..<250 { trial.step() }
            trial.bringDown()
            #expect(trial.violations == [], "seed \(seed)")
            #expect(trial.finishes.count == 1, "seed \(seed)")
            #expect(trial.finishes.allSatisfy { [.completed, .failed, .stopped].contains($0) }, "seed \(seed)")
            #expect(trial.attempts.count <= RandomTrial.restartLimit + 1, "seed \(seed)")
        }
    }

    @Test(arguments: 1...20)
    func `does so with a group that is mended by itself`(round: Int) {
        let groups = [
            WorkerGroup(name: "trial", workers: [.master, MachineDriver.first]),
            WorkerGroup(name: "servers", workers: [MachineDriver.second]),
        ]
        for seed in UInt64(round * 25)..<UInt64(round * 25 + 25) {
            var trial = RandomTrial(seed: seed, groups: groups)
            trial.begin()
            for _ in 0..<250 { trial.step() }
            trial.bringDown()
            #expect(trial.violations == [], "seed \(seed)")
            #expect(trial.finishes.count == 1, "seed \(seed)")
        }
    }

    @Test func `does nothing after its end, whatever comes`() {
        for seed in UInt64(1)...50 {
            var trial = RandomTrial(seed: seed)
            trial.begin()
            trial.bringDown()
            let ended = trial.machine.status
            for _ in 0..<60 { trial.step() }
            #expect(trial.violations == [], "seed \(seed)")
            #expect(trial.machine.status == ended)
            #expect(trial.machine.nextDeadline == nil)
        }
    }

    @Test func `comes to every end there is`() {
        // The worlds above would prove little if they all ended alike.
        var ends: Set<String> = []
        var mostAttempts = 0
        for seed in UInt64(1)...400 {
            var trial = RandomTrial(seed: seed)
            trial.begin()
            for _ in 0..<250 { trial.step() }
            trial.bringDown()
            ends.formUnion(trial.finishes.map(\.rawValue))
            mostAttempts = max(mostAttempts, trial.attempts.count)
        }
        #expect(ends == ["completed", "failed", "stopped"])
        #expect(mostAttempts == RandomTrial.restartLimit + 1)
    }
}

/// Workers that do all they are told, each in its own time, and sometimes so late that they are shown as stalled.
private struct SlowWorkers {
    var driver = MachineDriver()
    var random: SplitMix
    /// What each still has to say, in order.
    private var words: [WorkerID: [WorkerState]] = [:]
    private var configured: Set<WorkerID> = [], told: [WorkerID: [WorkerOrder]] = [:]

    init(seed: UInt64) {
        random = SplitMix(seed: seed)
        let actions = driver.take(.begin)
        hear(actions)
        for worker in MachineDriver.all {
            hear(driver.take(.spawned(worker, pid: 9)))
            words[worker] = [.starting, .configured, .running]
        }
    }

    /// One worker says its next word, if it has been told what that word answers.
    mutating func speak() {
        let worker = MachineDriver.all.randomElement(using: &random) ?? .master
        guard let next = words[worker]?.first else { return }
        let orders = told[worker] ?? []
        switch next {
        case .starting: hear(driver.take(.hello(worker, attempt: 1)))
        case .configured where configured.contains(worker): hear(driver.report(worker, .configured))
        case .running where orders.contains(.start): hear(driver.report(worker, .running))
        default: return
        }
        words[worker]?.removeFirst()
    }

    mutating func wait() {
        hear(driver.take(.timePassed, afterMilliseconds: Int64.random(in: 0...5000, using: &random)))
    }

    mutating func beat() {
        hear(driver.beat(MachineDriver.all.randomElement(using: &random) ?? .master))
    }

    private mutating func hear(_ actions: [TrialAction]) {
        for case .configure(let worker) in actions { configured.insert(worker) }
        for case .tell(let worker, let order) in actions { told[worker, default: []].append(order) }
    }
}

@Suite struct `A trial whose workers are slow` {
    @Test func `comes up all the same, however late and in whichever order they speak`() {
        for seed in UInt64(1)...300 {
            var slow = SlowWorkers(seed: seed)
            for _ in 0..<200 {
                switch Int.random(in: 0..<3, using: &slow.random) {
                case 0: slow.wait()
                case 1: slow.beat()
                default: slow.speak()
                }
            }
            for worker in MachineDriver.all { _ = slow.driver.beat(worker) }
            #expect(slow.driver.machine.status == .running, "seed \(seed)")
            #expect(slow.driver.machine.members.values.allSatisfy { $0.state == .running }, "seed \(seed)")
        }
    }

    @Test func `configures a worker whose hello comes after it was shown as stalled`() {
        var driver = MachineDriver()
        driver.take(.begin)
        driver.take(.spawned(MachineDriver.first, pid: 7))
        #expect(driver.take(.timePassed, afterMilliseconds: 3000).states == [.stalled])
        let actions = driver.take(.hello(MachineDriver.first, attempt: 1))
        #expect(actions.deeds == [.configure(MachineDriver.first)])
        #expect(actions.states == [.ready])
    }

    @Test func `starts although one that is configured has fallen silent`() {
        var driver = MachineDriver()
        driver.take(.begin)
        for worker in MachineDriver.all {
            driver.take(.spawned(worker, pid: 7))
            driver.take(.hello(worker, attempt: 1))
        }
        driver.report(.master, .configured)
        driver.report(MachineDriver.first, .configured)
        driver.take(.timePassed, afterMilliseconds: 3000)
        #expect(driver.report(MachineDriver.second, .configured).statuses == [.running])
        // The silent one is shown as it is until it speaks.
        #expect(driver.machine.members[.master]?.state == .stalled)
        #expect(driver.report(.master, .running).states == [.running])
    }

    @Test func `knows a refused configuration for what it is, also after a silence`() {
        var driver = MachineDriver()
        driver.take(.begin)
        for worker in MachineDriver.all { driver.take(.spawned(worker, pid: 7)) }
        driver.take(.hello(MachineDriver.first, attempt: 1))
        driver.take(.timePassed, afterMilliseconds: 3000)
        driver.report(MachineDriver.first, .failed, detail: "row 3 is broken")
        driver.exit(MachineDriver.first, .exited(1))
        driver.exit(MachineDriver.second, .signalled(SIGKILL))
        // No restart: it would refuse again.
        #expect(driver.exit(.master, .signalled(SIGKILL)).deeds == [.finish(.failed)])
    }
}
