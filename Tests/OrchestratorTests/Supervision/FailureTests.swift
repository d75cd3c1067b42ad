import Glibc
import Protocol
import Testing

@testable import Orchestrator

private typealias Driver = MachineDriver

@Suite struct `A trial whose worker fails` {
    /// A model worker is killed and the rest follows.
    private func collapsed(_ driver: inout MachineDriver) -> [TrialAction] {
        driver.exit(Driver.first, .signalled(SIGKILL))
        driver.exit(.master, .signalled(SIGKILL))
        return driver.exit(Driver.second, .signalled(SIGKILL))
    }

    @Test func `kills the others at once when one of them crashes`() {
        var driver = MachineDriver.running()
        let actions = driver.exit(Driver.first, .signalled(SIGSEGV), tail: ["Fatal error: index out of range"])
        #expect(actions.deeds == [.signal(.master, SIGKILL), .signal(Driver.second, SIGKILL)])
        #expect(driver.machine.failure?.cause == "was killed by signal 11 (SIGSEGV)")
        #expect(driver.machine.failure?.detail == "Fatal error: index out of range")
    }

    @Test func `starts another attempt after the back-off, with every worker anew`() {
        var driver = MachineDriver.running()
        let end = collapsed(&driver)
        #expect(end.statuses == [.starting])
        #expect(end.states == [.stopped, .restarting, .restarting, .restarting])
        #expect(driver.machine.nextDeadline == driver.now + 500_000_000)
        #expect(driver.take(.timePassed, afterMilliseconds: 499).isEmpty)
        #expect(
            driver.take(.timePassed, afterMilliseconds: 1).deeds == [
                .beginAttempt(2, reason: "restarted after model_worker/0 was killed by signal 9 (SIGKILL)"),
                .spawn(.master, attempt: 2), .spawn(Driver.first, attempt: 2), .spawn(Driver.second, attempt: 2),
            ])
        #expect(driver.machine.restarts == 1)
    }

    @Test func `the restarts of a worker are counted in its records`() {
        var driver = MachineDriver.running()
        _ = collapsed(&driver)
        driver.take(.timePassed, afterMilliseconds: 500)
        let actions = driver.take(.spawned(Driver.first, pid: 555))
        #expect(
            actions == [.record(WorkerChange(worker: Driver.first, state: .starting, pid: 555, restarts: 1))])
    }

    @Test func `lets a worker that reported an error deliver its last words`() {
        var driver = MachineDriver.running()
        let actions = driver.report(Driver.first, .failed, detail: "loss is not finite")
        #expect(actions.deeds == [.signal(.master, SIGKILL), .signal(Driver.second, SIGKILL)])
        #expect(driver.take(.timePassed, afterMilliseconds: 999).deeds.isEmpty)
        #expect(driver.take(.timePassed, afterMilliseconds: 1).deeds.contains(.signal(Driver.first, SIGKILL)))
    }

    @Test func `reports the first failure and only counts the later ones`() {
        var driver = MachineDriver.running()
        driver.report(Driver.first, .failed, detail: "out of memory")
        driver.report(.master, .failed, detail: "model_worker/0 does not answer")
        driver.exit(Driver.first, .exited(1))
        driver.exit(.master, .exited(1))
        let end = driver.exit(Driver.second, .signalled(SIGKILL))
        #expect(
            end.statusDetails == [
                "model_worker/0 reported an error\nout of memory\n(1 later failure followed from it)"
            ])
    }

    @Test func `workers it killed itself do not count as failures`() {
        var driver = MachineDriver.running()
        _ = collapsed(&driver)
        #expect(driver.machine.failure?.later == 0)
    }

    @Test func `gives up when its policy says so and reports the cause`() {
        var driver = MachineDriver.running(policy: RestartPolicy(limit: 0))
        let end = collapsed(&driver)
        #expect(end.notes == ["gave_up"])
        #expect(end.deeds == [.finish(.failed)])
        #expect(end.statusDetails == ["model_worker/0 was killed by signal 9 (SIGKILL)"])
    }

    @Test func `gives up when the very same error comes back`() {
        var driver = MachineDriver.running()
        var notes: [String] = []
        for _ in 1...2 {
            driver.report(Driver.first, .failed, detail: "no such tokenizer")
            driver.exit(Driver.first, .exited(1))
            driver.exit(.master, .signalled(SIGKILL))
            notes += driver.exit(Driver.second, .signalled(SIGKILL)).notes
            driver.take(.timePassed, afterMilliseconds: 4000)
            if !driver.machine.isEnded { driver.bringUp() }
        }
        #expect(notes == ["restarting", "gave_up"])
    }

    @Test func `gives up at once where the worker says that the same would happen again`() {
        var driver = MachineDriver.running()
        driver.now += 600_000_000_000
        driver.take(
            .report(.master, attempt: 1, state: .failed, detail: "rows.jsonl:9: no JSON", step: 0, .lasting))
        driver.exit(.master, .exited(1))
        driver.exit(Driver.first, .signalled(SIGKILL))
        let end = driver.exit(Driver.second, .signalled(SIGKILL))
        #expect(end.deeds == [.finish(.failed)])
        #expect(end.statusDetails == ["master_worker/0 reported an error\nrows.jsonl:9: no JSON"])
    }

    @Test func `a model worker may be seen to leave with status 0 before the master says that all is done`() {
        var driver = MachineDriver.running()
        driver.exit(Driver.second, .exited(0))
        #expect(driver.machine.failure == nil)
        driver.report(.master, .completed)
        driver.exit(.master, .exited(0))
        driver.exit(Driver.first, .exited(0))
        #expect(driver.machine.status == .completed)
    }

    @Test func `a model worker that leaves with status 0 in mid-run has failed when the master goes on`() {
        var driver = MachineDriver.running()
        driver.exit(Driver.second, .exited(0))
        let quiet = driver.pass(seconds: 9) { driver in
            _ = driver.beat(.master)
            _ = driver.beat(Driver.first)
        }
        #expect(quiet.deeds.isEmpty)
        let end = driver.pass(seconds: 1)
        #expect(end.deeds == [.signal(.master, SIGKILL), .signal(Driver.first, SIGKILL)])
        #expect(driver.machine.failure?.report == "model_worker/1 left before its work was done")
    }

    @Test func `a model worker that has said itself that it is done may leave long before the master`() {
        var driver = MachineDriver.running()
        driver.report(Driver.second, .completed)
        driver.exit(Driver.second, .exited(0))
        let quiet = driver.pass(seconds: 60) { driver in
            _ = driver.beat(.master)
            _ = driver.beat(Driver.first)
        }
        #expect(quiet.deeds.isEmpty)
        #expect(driver.machine.failure == nil)
    }

    @Test func `the death of the master brings a new attempt too`() {
        var driver = MachineDriver.running()
        driver.exit(.master, .signalled(SIGKILL))
        driver.exit(Driver.first, .signalled(SIGKILL))
        #expect(driver.exit(Driver.second, .signalled(SIGKILL)).notes == ["restarting"])
    }

    @Test func `words of the attempt before change nothing`() {
        var driver = MachineDriver.running()
        _ = collapsed(&driver)
        driver.take(.timePassed, afterMilliseconds: 500)
        driver.bringUp()
        #expect(
            driver.take(.report(Driver.first, attempt: 1, state: .failed, detail: "late", step: 0)).isEmpty)
        #expect(driver.take(.exited(Driver.first, attempt: 1, .exited(1), tail: [])).isEmpty)
    }
}
