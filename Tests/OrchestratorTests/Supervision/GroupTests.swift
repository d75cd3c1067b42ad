import Glibc
import Protocol
import Testing

@testable import Orchestrator

private let server = MachineDriver.second

/// The master and the first worker, and the second one in a group of its own.
private func running(policy: RestartPolicy = RestartPolicy(limit: 2, firstDelay: 500_000_000)) -> MachineDriver {
    var driver = MachineDriver(
        groups: [
            WorkerGroup(name: "trial", workers: [.master, MachineDriver.first]),
            WorkerGroup(name: "servers", workers: [server]),
        ], policy: policy)
    driver.bringUp()
    return driver
}

@Suite struct `A worker of a group of its own` {
    @Test func `begins again alone, in the same attempt, while the trial goes on`() {
        var driver = running()
        let death = driver.exit(server, .signalled(SIGKILL))
        #expect(death.deeds.isEmpty && death.statuses.isEmpty)
        #expect(death.notes == ["worker_failed", "restarting"])
        #expect(death.states.last == .restarting)
        #expect(driver.take(.timePassed, afterMilliseconds: 499).deeds.isEmpty)
        #expect(driver.take(.timePassed, afterMilliseconds: 1).deeds == [.spawn(server, attempt: 1)])
        driver.take(.spawned(server, pid: 200))
        #expect(driver.take(.hello(server, attempt: 1)).deeds == [.configure(server)])
        let up = driver.report(server, .configured)
        #expect(up.deeds == [.tell(server, .start)] && up.notes == ["recovered"])
        #expect(driver.machine.status == .running && driver.machine.attempt == 1 && driver.machine.restarts == 0)
        let restarts = driver.report(server, .running).compactMap { action in
            if case .record(let change) = action { change.restarts } else { nil }
        }
        #expect(restarts == [1])
    }

    @Test func `takes the others of its group down and up with it`() {
        var driver = MachineDriver(groups: [
            WorkerGroup(name: "trial", workers: [.master]),
            WorkerGroup(name: "servers", workers: [MachineDriver.first, server]),
        ])
        driver.bringUp()
        #expect(driver.exit(server, .signalled(SIGSEGV)).deeds == [.signal(MachineDriver.first, SIGKILL)])
        #expect(driver.exit(MachineDriver.first, .signalled(SIGKILL)).notes == ["restarting"])
        let anew = driver.take(.timePassed, afterMilliseconds: 500)
        #expect(anew.deeds == [.spawn(MachineDriver.first, attempt: 1), .spawn(server, attempt: 1)])
    }

    @Test func `that does not leave after its last words is killed once, and nothing is due until it is gone`() {
        var driver = running()
        #expect(driver.report(server, .failed, detail: "out of memory").deeds.isEmpty)
        _ = driver.beat(.master)
        _ = driver.beat(MachineDriver.first)
        #expect(driver.take(.timePassed, afterMilliseconds: 1000).deeds == [.signal(server, SIGKILL)])
        let silence = TrialStateMachine.heartbeatPatience - 1_000_000_000
        #expect(driver.machine.nextDeadline == driver.now + silence)
        #expect(driver.take(.timePassed).deeds.isEmpty)
        #expect(driver.exit(server, .signalled(SIGKILL)).notes == ["restarting"])
    }

    @Test func `costs the trial when it dies too often, which says so`() {
        var driver = running()
        for _ in 1...2 {
            driver.exit(server, .signalled(SIGKILL))
            driver.take(.timePassed, afterMilliseconds: 10_000)
            driver.take(.spawned(server, pid: 200))
        }
        let last = driver.exit(server, .signalled(SIGKILL))
        #expect(last.deeds == [.signal(.master, SIGKILL), .signal(MachineDriver.first, SIGKILL)])
        driver.exit(.master, .signalled(SIGKILL))
        let end = driver.exit(MachineDriver.first, .signalled(SIGKILL))
        #expect(end.deeds == [.finish(.failed)])
        #expect(
            end.statusDetails == [
                "model_worker/1 was killed by signal 9 (SIGKILL)\ngroup servers is given up: "
                    + "2 restarts within 120 s are the limit"
            ])
    }

    @Test func `keeps nobody from stopping, whether it is down or dies meanwhile`() {
        var driver = running()
        driver.exit(server, .signalled(SIGKILL))
        driver.take(.stop(within: nil, ticket: 1))
        driver.exit(.master, .exited(0))
        #expect(driver.exit(MachineDriver.first, .exited(0)).deeds == [.finish(.stopped)])
        driver = running()
        driver.take(.stop(within: nil, ticket: 1))
        #expect(driver.exit(server, .signalled(SIGSEGV)).deeds.isEmpty)
        driver.exit(.master, .exited(0))
        let end = driver.exit(MachineDriver.first, .exited(0))
        #expect(end.statusDetails == ["stopped by command"])
    }

    @Test func `goes down and up with the trial where another group fails`() {
        var driver = running()
        #expect(
            driver.exit(MachineDriver.first, .signalled(SIGSEGV)).deeds
                == [.signal(.master, SIGKILL), .signal(server, SIGKILL)])
        driver.exit(.master, .signalled(SIGKILL))
        driver.exit(server, .signalled(SIGKILL))
        let anew = driver.take(.timePassed, afterMilliseconds: 500)
        #expect(anew.deeds.contains(.spawn(server, attempt: 2)))
    }
}
