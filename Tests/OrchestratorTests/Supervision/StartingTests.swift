import Glibc
import Protocol
import Testing

@testable import Orchestrator

private typealias Driver = MachineDriver

@Suite struct `A trial that starts` {
    @Test func `records its attempt before it spawns anybody, the master first`() {
        var driver = MachineDriver()
        #expect(
            driver.take(.begin).deeds == [
                .beginAttempt(1, reason: "started"), .spawn(.master, attempt: 1), .spawn(Driver.first, attempt: 1),
                .spawn(Driver.second, attempt: 1),
            ])
    }

    @Test func `continues the attempts of the trial it resumes`() {
        var driver = MachineDriver(firstAttempt: 4)
        #expect(driver.take(.begin).deeds.contains(.spawn(.master, attempt: 4)))
    }

    @Test func `configures each worker when it says hello`() {
        var driver = MachineDriver()
        driver.take(.begin)
        driver.take(.spawned(Driver.first, pid: 7))
        #expect(driver.take(.hello(Driver.first, attempt: 1)).deeds == [.configure(Driver.first)])
    }

    @Test func `a second hello of a worker changes nothing`() {
        var driver = MachineDriver()
        driver.take(.begin)
        driver.take(.spawned(Driver.first, pid: 7))
        driver.take(.hello(Driver.first, attempt: 1))
        #expect(driver.take(.hello(Driver.first, attempt: 1)).isEmpty)
    }

    @Test func `starts everybody when the last one is configured, the master last`() {
        var driver = MachineDriver()
        driver.take(.begin)
        for worker in Driver.all {
            driver.take(.spawned(worker, pid: 7))
            driver.take(.hello(worker, attempt: 1))
        }
        #expect(driver.report(.master, .configured).deeds.isEmpty)
        #expect(driver.report(Driver.first, .configured).deeds.isEmpty)
        let actions = driver.report(Driver.second, .configured)
        #expect(
            actions.deeds == [.tell(Driver.first, .start), .tell(Driver.second, .start), .tell(.master, .start)])
        #expect(actions.statuses == [.running])
    }

    @Test func `a hello from an older attempt is not answered`() {
        var driver = MachineDriver(firstAttempt: 2)
        driver.take(.begin)
        driver.take(.spawned(Driver.first, pid: 7))
        #expect(driver.take(.hello(Driver.first, attempt: 1)).isEmpty)
    }

    @Test func `a program that cannot be started fails the trial without a restart`() {
        var driver = MachineDriver()
        driver.take(.begin)
        driver.take(.spawned(.master, pid: 7))
        let actions = driver.take(.spawnFailed(Driver.first, reason: "no such file"))
        #expect(actions.deeds == [.signal(.master, SIGKILL)])
        // The third was being spawned when the second failed.
        #expect(driver.take(.spawned(Driver.second, pid: 9)).deeds == [.signal(Driver.second, SIGKILL)])
        driver.exit(.master, .signalled(SIGKILL))
        let end = driver.exit(Driver.second, .signalled(SIGKILL))
        #expect(end.deeds == [.finish(.failed)])
        #expect(end.statusDetails == ["model_worker/0 could not be started\nno such file"])
    }

    @Test func `a worker that refuses its configuration fails the trial without a restart`() {
        var driver = MachineDriver()
        driver.take(.begin)
        for worker in Driver.all { driver.take(.spawned(worker, pid: 7)) }
        driver.take(.hello(Driver.first, attempt: 1))
        driver.report(Driver.first, .failed, detail: "row 3 is broken")
        driver.exit(Driver.first, .exited(1))
        driver.exit(Driver.second, .signalled(SIGKILL))
        let end = driver.exit(.master, .signalled(SIGKILL))
        #expect(end.deeds == [.finish(.failed)])
        #expect(end.statusDetails == ["model_worker/0 reported an error\nrow 3 is broken"])
    }

    @Test func `a worker that crashes before it is configured is worth another attempt`() {
        var driver = MachineDriver()
        driver.take(.begin)
        for worker in Driver.all { driver.take(.spawned(worker, pid: 7)) }
        driver.exit(Driver.first, .signalled(SIGSEGV))
        driver.exit(Driver.second, .signalled(SIGKILL))
        #expect(driver.exit(.master, .signalled(SIGKILL)).notes == ["restarting"])
    }
}
