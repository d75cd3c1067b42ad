import Glibc
import Protocol
import Testing

@testable import Orchestrator

private typealias Driver = MachineDriver

@Suite struct `A trial that ends` {
    @Test func `tells the model workers to leave when the master has completed`() {
        var driver = MachineDriver.running()
        let actions = driver.report(.master, .completed)
        #expect(actions.deeds == [.tell(Driver.first, .exit), .tell(Driver.second, .exit)])
    }

    @Test func `has completed when everybody has left`() {
        var driver = MachineDriver.running()
        driver.report(.master, .completed)
        driver.exit(.master, .exited(0))
        #expect(driver.exit(Driver.first, .exited(0)).deeds.isEmpty)
        let end = driver.exit(Driver.second, .exited(0))
        #expect(end.deeds == [.finish(.completed)])
        #expect(end.states == [.completed])
    }

    @Test func `a master that leaves with status 0 has completed although its word was lost`() {
        var driver = MachineDriver.running()
        #expect(
            driver.exit(.master, .exited(0)).deeds == [.tell(Driver.first, .exit), .tell(Driver.second, .exit)])
    }

    @Test func `goes on to the model workers as soon as the master has left`() {
        var driver = MachineDriver.running()
        driver.take(.stop(within: nil, ticket: 1))
        #expect(
            driver.exit(.master, .exited(0)).deeds == [.tell(Driver.first, .exit), .tell(Driver.second, .exit)])
        driver.exit(Driver.first, .exited(0))
        let end = driver.exit(Driver.second, .exited(0))
        #expect(end.deeds == [.finish(.stopped)])
        #expect(end.states == [.stopped])
    }

    @Test func `a signal stops it like the command`() {
        var driver = MachineDriver.running()
        let actions = driver.take(.stopSignal)
        #expect(actions.deeds == [.tell(.master, .exit)])
        #expect(actions.statuses == [.stopping])
    }

    @Test func `a stop before the start gives workers a second to leave: they have nothing to lose`() {
        var driver = MachineDriver()
        driver.take(.begin)
        for worker in Driver.all { driver.take(.spawned(worker, pid: 7)) }
        #expect(driver.take(.stopSignal).deeds == Driver.all.map { .tell($0, .exit) })
        #expect(
            driver.take(.timePassed, afterMilliseconds: 1000).deeds == Driver.all.map { .signal($0, SIGKILL) })
    }

    @Test func `a stop during the back-off ends the trial without another attempt`() {
        var driver = MachineDriver.running()
        for worker in Driver.all { driver.exit(worker, .signalled(SIGKILL)) }
        let actions = driver.take(.stop(within: nil, ticket: 1))
        #expect(actions.deeds.last == .finish(.stopped))
        #expect(driver.machine.nextDeadline == nil)
    }

    @Test func `a stop while a failed attempt comes down prevents the restart`() {
        var driver = MachineDriver.running()
        driver.exit(Driver.first, .signalled(SIGKILL))
        driver.take(.stopSignal)
        driver.exit(.master, .signalled(SIGKILL))
        #expect(driver.exit(Driver.second, .signalled(SIGKILL)).deeds == [.finish(.stopped)])
    }

    @Test func `a worker that fails while it stops ends the wait and is part of what is told`() {
        var driver = MachineDriver.running()
        driver.take(.stopSignal)
        let failed = driver.report(.master, .failed, detail: "no space left on device")
        #expect(failed.notes == ["stop_failed"])
        #expect(failed.deeds == [.signal(Driver.first, SIGKILL), .signal(Driver.second, SIGKILL)])
        #expect(driver.exit(.master, .exited(1)).notes.isEmpty)
        driver.exit(Driver.first, .signalled(SIGKILL))
        let end = driver.exit(Driver.second, .signalled(SIGKILL))
        #expect(end.statuses == [.stopped])
        #expect(
            end.statusDetails == [
                "stopped by a signal; meanwhile master_worker/0 reported an error: no space left on device"
            ])
    }

    @Test func `a worker that dies while it stops lets nobody wait for it`() {
        var driver = MachineDriver.running()
        driver.take(.stopSignal)
        let actions = driver.exit(Driver.first, .signalled(SIGKILL))
        #expect(actions.deeds == [.signal(.master, SIGKILL), .signal(Driver.second, SIGKILL)])
    }

    @Test func `that was done before it could be stopped has completed`() {
        var driver = MachineDriver.running()
        driver.take(.stopSignal)
        driver.report(.master, .completed)
        for worker in Driver.all { driver.exit(worker, .exited(0)) }
        #expect(driver.machine.status == .completed)
    }

    @Test func `that was stopped has stopped workers only, whatever the master has told them`() {
        var driver = MachineDriver.running()
        driver.take(.stopSignal)
        for worker in [Driver.first, Driver.second] { driver.report(worker, .completed) }
        driver.report(.master, .stopped)
        for worker in Driver.all { driver.exit(worker, .exited(0)) }
        #expect(driver.machine.status == .stopped)
        #expect(driver.machine.members.values.allSatisfy { $0.state == .stopped })
    }

    @Test func `that was done before it could be stopped has completed workers only, and they are on record`() {
        var driver = MachineDriver.running()
        driver.take(.stopSignal)
        for worker in [Driver.first, Driver.second] {
            #expect(driver.exit(worker, .exited(0)).states == [.stopped])
        }
        driver.report(.master, .completed)
        let end = driver.exit(.master, .exited(0))
        #expect(end.deeds == [.finish(.completed)])
        #expect(end.states == [.completed, .completed])
        #expect(driver.machine.members.values.allSatisfy { $0.state == .completed })
    }

    @Test func `a stop after completion changes nothing`() {
        var driver = MachineDriver.running()
        driver.report(.master, .completed)
        #expect(driver.take(.stopSignal).isEmpty)
    }

    @Test func `commands after the end are refused with the status`() {
        var driver = MachineDriver.running(policy: RestartPolicy(limit: 0))
        for worker in Driver.all { driver.exit(worker, .signalled(SIGKILL)) }
        #expect(
            driver.take(.command(.pause, nil, ticket: 9)) == [
                .answer(ticket: 9, accepted: false, message: "the trial has already ended: failed")
            ])
    }
}
