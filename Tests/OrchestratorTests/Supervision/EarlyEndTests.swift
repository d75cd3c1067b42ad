import Glibc
import Protocol
import Testing

@testable import Orchestrator

private typealias Driver = MachineDriver

/// Everybody spawned, nobody configured.
private func spawned() -> MachineDriver {
    var driver = MachineDriver()
    driver.take(.begin)
    for worker in Driver.all { driver.take(.spawned(worker, pid: 7)) }
    return driver
}

@Suite struct `A trial whose workers never come up` {
    @Test func `fails when not one program can be started`() {
        var driver = MachineDriver()
        driver.take(.begin)
        #expect(driver.take(.spawnFailed(.master, reason: "the disk is full")).deeds.isEmpty)
        #expect(driver.take(.spawnFailed(Driver.first, reason: "the disk is full")).deeds.isEmpty)
        let end = driver.take(.spawnFailed(Driver.second, reason: "the disk is full"))
        #expect(end.deeds == [.finish(.failed)])
        #expect(
            end.statusDetails == [
                "master_worker/0 could not be started\nthe disk is full\n(2 later failures followed from it)"
            ])
    }

    @Test func `fails when the last of them cannot be started and the others have died of it`() {
        var driver = MachineDriver()
        driver.take(.begin)
        driver.take(.spawned(.master, pid: 7))
        driver.take(.spawnFailed(Driver.first, reason: "no memory"))
        driver.exit(.master, .signalled(SIGKILL))
        #expect(driver.take(.spawnFailed(Driver.second, reason: "no memory")).deeds == [.finish(.failed)])
    }

    @Test func `says that the same would happen again`() {
        var driver = MachineDriver()
        driver.take(.begin)
        for worker in Driver.all.dropLast() { driver.take(.spawnFailed(worker, reason: "no such file")) }
        let end = driver.take(.spawnFailed(Driver.second, reason: "no such file"))
        #expect(end.notes == ["gave_up"])
        #expect(end.contains(.note(kind: .gaveUp, worker: .master, detail: "the same would happen again")))
    }

    @Test func `a model worker that leaves with status 0 before the start has failed`() {
        var driver = spawned()
        let actions = driver.exit(Driver.first, .exited(0))
        #expect(actions.deeds == [.signal(.master, SIGKILL), .signal(Driver.second, SIGKILL)])
        #expect(actions.states == [.failed])
        #expect(driver.machine.failure?.report == "model_worker/0 left before its work was done")
    }

    @Test func `whom its own hand killed says why`() {
        var driver = Driver.running()
        driver.exit(Driver.first, .signalled(SIGKILL))
        #expect(
            driver.exit(Driver.second, .signalled(SIGKILL)).stateDetails == [
                "ended because model_worker/0 failed"
            ])
        var stopped = Driver.running()
        for _ in 0..<3 { stopped.take(.stopSignal, afterMilliseconds: 2000) }
        #expect(stopped.exit(.master, .signalled(SIGKILL)).stateDetails == ["killed by the stop"])
        #expect(stopped.exit(Driver.first, .signalled(SIGABRT)).stateDetails == ["was killed by signal 6 (SIGABRT)"])
    }

    @Test func `a master that leaves with status 0 before the start has completed nothing`() {
        var driver = spawned()
        driver.exit(.master, .exited(0))
        driver.exit(Driver.first, .signalled(SIGKILL))
        let end = driver.exit(Driver.second, .signalled(SIGKILL))
        #expect(end.statuses == [.starting])
        #expect(end.notes == ["restarting"])
    }

    @Test func `a stop while they come up ends when they have gone`() {
        var driver = spawned()
        #expect(driver.take(.stopSignal).statuses == [.stopping])
        // One of them does not listen yet, so it takes force.
        driver.exit(.master, .exited(0))
        driver.exit(Driver.first, .exited(0))
        #expect(
            driver.take(.timePassed, afterMilliseconds: 1000).deeds == [.signal(Driver.second, SIGKILL)])
        let end = driver.exit(Driver.second, .signalled(SIGKILL))
        #expect(end.deeds == [.finish(.stopped)])
        #expect(end.states == [.stopped])
    }
}

@Suite struct `A worker that gives up by itself` {
    @Test func `has failed although it leaves with status 0`() {
        var driver = MachineDriver.running()
        // Its control socket broke, so it left; the orchestrator had not asked for that.
        driver.report(.master, .stopped)
        let actions = driver.exit(.master, .exited(0))
        #expect(actions.deeds == [.signal(Driver.first, SIGKILL), .signal(Driver.second, SIGKILL)])
        #expect(driver.machine.failure?.cause == "left before its work was done")
    }

    @Test func `stays failed when it reported an error and then left with status 0`() {
        var driver = MachineDriver.running()
        driver.report(Driver.first, .failed, detail: "out of memory")
        let actions = driver.exit(Driver.first, .exited(0))
        #expect(actions.states.isEmpty)
        #expect(driver.machine.members[Driver.first]?.state == .failed)
        #expect(driver.machine.failure?.later == 0)
    }

    @Test(arguments: [
        (Orchestrator.ExitStatus.exited(1), "left with exit status 1"),
        (.exited(127), "left with exit status 127"), (.exited(255), "left with exit status 255"),
        (.signalled(SIGKILL), "was killed by signal 9 (SIGKILL)"),
        (.signalled(SIGABRT), "was killed by signal 6 (SIGABRT)"),
        (.signalled(SIGBUS), "was killed by signal 7 (SIGBUS)"),
        (.signalled(SIGTERM), "was killed by signal 15 (SIGTERM)"),
        (.signalled(64), "was killed by signal 64"),
    ])
    func `is the cause in the words of how it ended, with the end of its log`(
        status: Orchestrator.ExitStatus, cause: String
    ) {
        var driver = MachineDriver.running()
        driver.exit(Driver.second, status, tail: ["one", "two"])
        #expect(driver.machine.failure == TrialFailure(worker: Driver.second, cause: cause, detail: "one\ntwo"))
        #expect(driver.machine.failure?.report == "model_worker/1 \(cause)\none\ntwo")
    }

    @Test func `is told of once: its report counts, not the exit status that follows`() {
        var driver = MachineDriver.running()
        let notes =
            driver.report(Driver.first, .failed, detail: "loss is not finite").notes
            + driver.exit(Driver.first, .exited(1), tail: ["loss is not finite"]).notes
        #expect(notes == ["worker_failed"])
        #expect(driver.machine.failure?.cause == "reported an error")
    }
}

@Suite struct `The errors that come back` {
    /// One attempt in which the first model worker reports `detail` after running for a while; returns the last notes.
    private func attempt(_ driver: inout MachineDriver, _ detail: String, runningFor seconds: Int64) -> [String] {
        driver.now += seconds * 1_000_000_000
        for worker in Driver.all { _ = driver.beat(worker) }
        driver.report(Driver.first, .failed, detail: detail)
        driver.exit(Driver.first, .exited(1))
        driver.exit(.master, .signalled(SIGKILL))
        let notes = driver.exit(Driver.second, .signalled(SIGKILL)).notes
        driver.take(.timePassed, afterMilliseconds: 20_000)
        if !driver.machine.isEnded { driver.bringUp() }
        return notes
    }

    @Test(arguments: [
        (["a", "a"], 0, "gave_up"), (["a", "b", "a"], 0, "restarting"), (["a", "b"], 0, "restarting"),
        // After five seconds an attempt was healthy, so the error after it is the first of its kind again.
        (["a", "a", "a"], 5, "restarting"), (["a", "a"], 4, "gave_up"),
    ])
    func `end the trial at the second time in a row and not before`(
        details: [String], seconds: Int64, last: String
    ) {
        var driver = MachineDriver.running()
        var notes: [String] = []
        for detail in details { notes = attempt(&driver, detail, runningFor: seconds) }
        #expect(notes == [last])
    }

    @Test func `crashes without a word are not held to be the same error`() {
        var driver = MachineDriver.running()
        for _ in 0..<4 {
            driver.exit(Driver.first, .signalled(SIGKILL))
            driver.exit(.master, .signalled(SIGKILL))
            #expect(driver.exit(Driver.second, .signalled(SIGKILL)).notes == ["restarting"])
            driver.take(.timePassed, afterMilliseconds: 20_000)
            driver.bringUp()
        }
        #expect(driver.machine.restarts == 4)
        #expect(driver.machine.attempt == 5)
    }
}
