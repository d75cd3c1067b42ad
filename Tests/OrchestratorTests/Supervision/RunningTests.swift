import Glibc
import Protocol
import Testing

@testable import Orchestrator

private typealias Driver = MachineDriver

@Suite struct `A trial that runs` {
    @Test func `shows a worker as stalled after three seconds of silence and never kills it`() {
        var driver = MachineDriver.running()
        #expect(driver.machine.nextDeadline == driver.now + 3_000_000_000)
        #expect(driver.take(.timePassed, afterMilliseconds: 2999).isEmpty)
        let actions = driver.take(.timePassed, afterMilliseconds: 1)
        #expect(actions.states == [.stalled, .stalled, .stalled])
        #expect(actions.deeds.isEmpty)
    }

    @Test func `records a silent worker as of its last heartbeat and not of the moment that was noticed`() throws {
        var driver = MachineDriver.running()
        let silences = driver.take(.timePassed, afterMilliseconds: 3000).compactMap { action in
            if case .record(let change) = action { change.silence } else { nil }
        }
        #expect(silences == [2_500_000_000, 2_500_000_000, 2_500_000_000])
    }

    @Test func `goes on recording the heartbeats of a worker that is stuck in a call`() {
        var driver = MachineDriver.running()
        let stuck = TrialEvent.Pulse(idle: 121_000_000_000, mfc: "actor_train", step: 3)
        _ = driver.beat(Driver.first, stuck)
        driver.now += 1_000_000_000
        #expect(driver.beat(Driver.first, stuck).states == [.stalled])
    }

    @Test func `has no deadline left when everybody is stalled`() {
        var driver = MachineDriver.running()
        driver.take(.timePassed, afterMilliseconds: 3000)
        #expect(driver.machine.nextDeadline == nil)
    }

    @Test func `a stalled worker that is heard again is what it was before`() {
        var driver = MachineDriver.running()
        driver.take(.timePassed, afterMilliseconds: 3000)
        let actions = driver.beat(Driver.first)
        #expect(actions.states == [.running])
        #expect(actions.notes == ["recovered"])
    }

    @Test func `a worker that does not move inside a call is stalled although its heart beats`() {
        var driver = MachineDriver.running()
        let stuck = TrialEvent.Pulse(idle: 121_000_000_000, mfc: "actor_train", step: 3)
        #expect(driver.beat(Driver.first, stuck).states == [.stalled])
        #expect(driver.beat(Driver.first, stuck).isEmpty)
    }

    @Test func `a worker that waits for work is not stalled`() {
        var driver = MachineDriver.running()
        #expect(driver.beat(Driver.second, .init(idle: 600_000_000_000)).isEmpty)
    }

    @Test func `a heartbeat is recorded when it brings news, and once a second as a sign of life`() {
        var driver = MachineDriver.running()
        let pulse = TrialEvent.Pulse(mfc: "actor_gen", step: 4)
        #expect(driver.beat(Driver.first, pulse).states == [.running])
        driver.now += 999_000_000
        #expect(driver.beat(Driver.first, pulse).isEmpty)
        driver.now += 1_000_000
        #expect(driver.beat(Driver.first, pulse).states == [.running])
        #expect(driver.beat(Driver.first, pulse).isEmpty)
    }

    @Test func `a heartbeat brings the weight version that its worker holds`() {
        var driver = MachineDriver.running()
        let actions = driver.beat(Driver.first, .init(mfc: "actor_train", step: 4, weightVersion: 7))
        guard case .record(let change)? = actions.first else {
            Issue.record("\(actions)")
            return
        }
        #expect(change.weightVersion == 7)
        #expect(WireWorkerStateRecord(change, time: 1).weightVersion == 7)
    }

    @Test(arguments: [
        (TrialCommandKind.pause, WorkerOrder.pause, "pausing after the current step", "pause by command"),
        (.resume, .resume, "resuming", "resume by command"),
        (.saveNow, .saveNow, "saving after the current step", "save now by command"),
        (.evaluateNow, .evaluateNow, "evaluating after the current step", "evaluate now by command"),
    ])
    func `passes wishes on to the master`(kind: TrialCommandKind, order: WorkerOrder, promise: String, told: String) {
        var driver = MachineDriver.running()
        #expect(
            driver.take(.command(kind, nil, ticket: 5)) == [
                .tell(.master, order), .answer(ticket: 5, accepted: true, message: promise),
                .note(kind: .asked, worker: nil, detail: told),
            ])
    }

    @Test func `is paused when the master says so, and running again likewise`() {
        var driver = MachineDriver.running()
        driver.take(.command(.pause, nil, ticket: 1))
        #expect(driver.report(.master, .paused).statuses == [.paused])
        #expect(driver.report(.master, .running).statuses == [.running])
    }

    @Test func `refuses wishes before it runs`() {
        var driver = MachineDriver()
        driver.take(.begin)
        #expect(
            driver.take(.command(.saveNow, nil, ticket: 1)) == [
                .answer(ticket: 1, accepted: false, message: "the trial is starting, not running")
            ])
    }

    @Test func `kills a worker on command`() {
        var driver = MachineDriver.running()
        #expect(
            driver.take(.command(.killWorker, Driver.second, ticket: 1)).deeds == [
                .answer(ticket: 1, accepted: true, message: "killed model_worker/1"), .signal(Driver.second, SIGKILL),
            ])
    }

    @Test func `names its workers when asked to kill one it does not have`() {
        var driver = MachineDriver.running()
        #expect(
            driver.take(.command(.killWorker, WorkerID(.model, 9), ticket: 1)) == [
                .answer(
                    ticket: 1, accepted: false,
                    message: "no living worker of that name; there are master_worker/0, model_worker/0, model_worker/1")
            ])
    }

    @Test func `answers with its status`() {
        var driver = MachineDriver.running()
        #expect(
            driver.take(.command(.status, nil, ticket: 3)) == [.answer(ticket: 3, accepted: true, message: "running")])
    }
}
