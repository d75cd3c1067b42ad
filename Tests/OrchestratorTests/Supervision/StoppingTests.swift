import Glibc
import Protocol
import Testing

@testable import Orchestrator

private typealias Driver = MachineDriver

private let second: Int64 = 1_000_000_000

/// A heartbeat of a process that computes in `mfc`, or of one that has nothing to do.
private func busy(_ mfc: String, step: Int) -> TrialEvent.Pulse { .init(mfc: mfc, step: step) }
private func idle(_ seconds: Int64) -> TrialEvent.Pulse { .init(quiet: seconds * second, waits: true) }

@Suite struct `A stop` {
    @Test func `waits for the step under way as long as anybody moves, however long that is`() {
        var driver = Driver.running()
        #expect(driver.take(.stop(within: nil, ticket: 1)).deeds.last == .tell(.master, .exit))
        let day = driver.pass(seconds: 86_400) { driver in
            _ = driver.beat(.master, idle(60))
            _ = driver.beat(Driver.first, busy("actor_train", step: 7))
        }
        #expect(day.deeds.isEmpty)
        #expect(
            driver.exit(.master, .exited(0)).deeds == [.tell(Driver.first, .exit), .tell(Driver.second, .exit)])
    }

    @Test func `gives up on those that have not moved for thirty seconds, each time anew`() {
        var driver = Driver.running()
        driver.take(.stopSignal)
        #expect(driver.pass(seconds: 29).deeds.isEmpty)
        _ = driver.beat(Driver.first, busy("actor_train", step: 7))
        #expect(driver.pass(seconds: 29).deeds.isEmpty)
        let given = driver.pass(seconds: 1)
        #expect(given.notes.contains("silent_given_up"))
        #expect(given.deeds == [.tell(Driver.first, .exit), .tell(Driver.second, .exit)])
        #expect(driver.pass(seconds: 29).deeds.isEmpty)
        #expect(driver.pass(seconds: 1).deeds == Driver.all.map { .signal($0, SIGKILL) })
    }

    @Test func `does not take heartbeats of a process that does nothing for movement`() {
        var driver = Driver.running()
        driver.take(.stopSignal)
        let actions = driver.pass(seconds: 30) { driver in
            for worker in Driver.all { _ = driver.beat(worker, idle(31)) }
        }
        #expect(actions.deeds == [.tell(Driver.first, .exit), .tell(Driver.second, .exit)])
    }

    @Test func `names first of whom nothing is heard`() {
        var driver = Driver.running()
        driver.pass(seconds: 5) { driver in
            for worker in Driver.all where worker != Driver.first { _ = driver.beat(worker, idle(0)) }
        }
        #expect(
            driver.take(.stopSignal).statusDetails.contains("waits for model_worker/0, of which nothing is heard"))
    }

    @Test func `does not take the sleep of the machine for silence`() {
        var driver = Driver.running()
        driver.take(.stopSignal)
        driver.pass(seconds: 5)
        #expect(driver.take(.timePassed, afterMilliseconds: 3_600_000).deeds.isEmpty)
        #expect(driver.pass(seconds: 22).deeds.isEmpty)
        #expect(!driver.pass(seconds: 1).deeds.isEmpty)
    }

    @Test func `that a person asks for is on record`() {
        var driver = Driver.running()
        #expect(driver.take(.stop(within: nil, ticket: 1)).notes == ["asked"])
        #expect(driver.take(.stop(within: nil, ticket: 2), afterMilliseconds: 1000).notes == ["asked"])
    }

    @Test func `says what it waits for, whenever that changes`() {
        var driver = Driver.running()
        _ = driver.beat(Driver.first, busy("actor_train", step: 7))
        let asked = driver.take(.stop(within: nil, ticket: 1))
        let train = "waits for step 7: actor_train on model_worker/0"
        #expect(asked.first == .answer(ticket: 1, accepted: true, message: "stopping: \(train)"))
        #expect(asked.statusDetails == [train])
        #expect(driver.beat(Driver.first, busy("actor_train", step: 7)).statusDetails == [])
        #expect(
            driver.beat(Driver.first, busy("save", step: 7)).statusDetails == [
                "waits for step 7: save on model_worker/0"
            ])
        #expect(
            driver.exit(.master, .exited(0)).statusDetails == ["waits for model_worker/0, model_worker/1 to leave"])
        #expect(driver.beat(Driver.first, idle(0)).statusDetails == [])
    }

    @Test func `waits for the step under way before anybody has said to be in it`() {
        var driver = Driver.running()
        #expect(driver.take(.stop(within: nil, ticket: 1)).statusDetails == ["waits for the step under way"])
        #expect(
            driver.beat(Driver.first, busy("actor_train", step: 7)).statusDetails == [
                "waits for step 7: actor_train on model_worker/0"
            ])
    }

    @Test func `names no call of a step that has ended since it was heard of`() {
        var driver = Driver.running()
        _ = driver.beat(Driver.first, busy("actor_train", step: 7))
        _ = driver.beat(.master, .init(mfc: "actor_gen", step: 8, waits: true))
        #expect(driver.take(.stop(within: nil, ticket: 1)).statusDetails == ["waits for step 8"])
        #expect(
            driver.beat(Driver.second, busy("ref_inf", step: 8)).statusDetails == [
                "waits for step 8: ref_inf on model_worker/1"
            ])
    }

    @Test(arguments: DiskWait.allCases)
    func `waits for a disk until it is asked once more, and says so`(wait: DiskWait) {
        var driver = Driver.running()
        driver.take(.stopSignal)
        let told = driver.beat(Driver.first, .init(mfc: wait.rawValue, step: 7)).statusDetails
        #expect(
            told == [
                "waits for step 7: \(wait.rawValue) on model_worker/0; asked once more, it ends without that"
            ])
        let hour = driver.pass(seconds: 3600) { driver in
            _ = driver.beat(.master, idle(60))
            _ = driver.beat(Driver.first, .init(mfc: wait.rawValue, step: 7))
        }
        #expect(hour.deeds.isEmpty)
        #expect(driver.take(.stopSignal).deeds.last == .tell(.master, .leaveNow))
    }

    @Test func `that leaves what was measured says of whom, and why`() {
        var driver = Driver.running()
        driver.take(.stopSignal)
        _ = driver.beat(Driver.first, .init(mfc: DiskWait.telemetry.rawValue, step: 7))
        driver.take(.stopSignal, afterMilliseconds: 1000)
        #expect(driver.report(.master, .stopped, detail: "no room for 2 batches").notes == ["stop_failed"])
        for worker in [Driver.first, Driver.second] {
            driver.take(.saved(worker, attempt: 1, step: 6, problem: ""))
        }
        driver.exit(.master, .exited(0))
        driver.exit(Driver.first, .signalled(SIGKILL))
        #expect(
            driver.exit(Driver.second, .signalled(SIGKILL)).statusDetails == [
                "stopped by a signal; the last that model_worker/0 measured could neither be stored nor left on "
                    + "the disk; master_worker/0: no room for 2 batches"
            ])
    }

    @Test func `after completion that leaves what was measured is no completion`() {
        var driver = Driver.running()
        driver.report(.master, .completed)
        driver.take(.stopSignal)
        _ = driver.beat(Driver.first, .init(mfc: DiskWait.telemetry.rawValue, step: 7))
        driver.take(.stopSignal, afterMilliseconds: 1000)
        for worker in Driver.all { driver.exit(worker, .signalled(SIGKILL)) }
        #expect(driver.machine.status == .stopped)
    }

    @Test func `that is hurried waits for no step, only for what is being saved`() {
        var driver = Driver.running()
        _ = driver.beat(Driver.first, busy("actor_train", step: 7))
        driver.take(.stopSignal)
        let hurried = driver.take(.stopSignal, afterMilliseconds: 1000)
        #expect(
            hurried.statusDetails == ["waits for model_worker/0, model_worker/1 to save the newest whole step"])
    }

    @Test func `of a trial whose work is done names no step any more`() {
        var driver = Driver.running()
        _ = driver.beat(Driver.first, busy("actor_train", step: 7))
        driver.take(.stopSignal)
        #expect(driver.report(.master, .completed).statusDetails == ["its work is done"])
        #expect(driver.beat(Driver.first, busy("save", step: 7)).statusDetails == [])
    }

    @Test func `that reaches it twice within a second is one`() {
        var driver = Driver.running()
        driver.take(.stopSignal)
        let again = driver.take(.stop(within: nil, ticket: 1), afterMilliseconds: 999)
        #expect(
            again == [
                .answer(
                    ticket: 1, accepted: true,
                    message: "stopping already: waits for the step under way"),
                .note(kind: .asked, worker: nil, detail: "stop by command"),
            ])
    }

    @Test func `asked for a second time saves the newest whole step and waits for no other`() {
        var driver = Driver.running()
        driver.take(.stopSignal)
        let hurried: [TrialAction] = [
            .tell(Driver.first, .saveWhole), .tell(Driver.second, .saveWhole), .tell(.master, .leaveNow),
        ]
        #expect(driver.take(.stopSignal, afterMilliseconds: 1000).deeds == hurried)
        #expect(driver.take(.saved(Driver.first, attempt: 1, step: 6, problem: "")).notes == ["saved"])
        #expect(driver.take(.saved(Driver.second, attempt: 1, step: 0, problem: "")).isEmpty)
        #expect(driver.exit(.master, .exited(0)).deeds == [Driver.first, Driver.second].map { .signal($0, SIGKILL) })
        driver.exit(Driver.first, .signalled(SIGKILL))
        #expect(driver.exit(Driver.second, .signalled(SIGKILL)).statusDetails == ["stopped by a signal"])
    }

    @Test func `that is hurried ends by force after ten seconds`() {
        var driver = Driver.running()
        driver.take(.stopSignal)
        driver.take(.stopSignal, afterMilliseconds: 1000)
        #expect(driver.take(.timePassed, afterMilliseconds: 9_999).deeds.isEmpty)
        #expect(driver.take(.timePassed, afterMilliseconds: 1).deeds == Driver.all.map { .signal($0, SIGKILL) })
    }

    @Test func `asked for a third time kills`() {
        var driver = Driver.running()
        for _ in 1...2 { driver.take(.stopSignal, afterMilliseconds: 1000) }
        let third = driver.take(.stop(within: nil, ticket: 4), afterMilliseconds: 1000)
        #expect(third.first == .answer(ticket: 4, accepted: true, message: "stopping at once"))
        #expect(Array(third.deeds.dropFirst()) == Driver.all.map { .signal($0, SIGKILL) })
    }

    @Test func `with little time saves the newest whole step first, and the one under way if it gets done`() {
        var driver = Driver.running()
        let asked = driver.take(.stop(within: 20 * second, ticket: 1))
        #expect(
            asked.deeds.dropFirst() == [
                .tell(Driver.first, .saveWhole), .tell(Driver.second, .saveWhole), .tell(.master, .exit),
            ])
        driver.take(.saved(Driver.first, attempt: 1, step: 6, problem: ""))
        #expect(driver.take(.timePassed, afterMilliseconds: 16_499).deeds.isEmpty)
        #expect(
            driver.take(.timePassed, afterMilliseconds: 1).deeds == [
                .tell(.master, .leaveNow), .tell(Driver.first, .exit), .tell(Driver.second, .exit),
            ])
        #expect(driver.take(.timePassed, afterMilliseconds: 2_999).deeds.isEmpty)
        #expect(driver.take(.timePassed, afterMilliseconds: 1).deeds == Driver.all.map { .signal($0, SIGKILL) })
    }

    @Test func `by a signal has little time where a grace is known`() {
        var driver = Driver(stopPolicy: StopPolicy(grace: 30 * second))
        driver.bringUp()
        #expect(driver.take(.stopSignal).deeds.first == .tell(Driver.first, .saveWhole))
    }

    @Test func `after completion changes nothing, and asked for again ends those who stay`() {
        var driver = Driver.running()
        driver.report(.master, .completed)
        #expect(driver.take(.stopSignal).isEmpty)
        #expect(
            driver.take(.stopSignal, afterMilliseconds: 1000).deeds == Driver.all.map { .signal($0, SIGKILL) })
        for worker in Driver.all { driver.exit(worker, .signalled(SIGKILL)) }
        #expect(driver.machine.status == .completed)
    }

    @Test func `whose save fails says so`() {
        var driver = Driver.running()
        driver.take(.stop(within: 20 * second, ticket: 1))
        let actions = driver.take(.saved(Driver.first, attempt: 1, step: 0, problem: "no space left"))
        #expect(actions == [.note(kind: .saveFailed, worker: Driver.first, detail: "no space left")])
    }
}

@Suite struct `What failures have in common` {
    private let killed = FailurePattern.Case(
        worker: WorkerID(.model, 0), cause: "was killed by signal 9 (SIGKILL)", mfc: "actor_train", step: 31,
        hitMemoryLimit: true)

    @Test func `is said of two or more`() {
        var pattern = FailurePattern()
        pattern.add(killed)
        #expect(pattern.summary == "")
        pattern.add(killed)
        #expect(
            pattern.summary
                == "each of the last 2 attempts: model_worker/0 was killed by signal 9 (SIGKILL), in actor_train, "
                + "at step 31, with the memory limit reached")
    }

    @Test func `is no more than they have`() {
        var pattern = FailurePattern(), other = killed
        other.worker = WorkerID(.model, 1)
        other.step = 32
        other.hitMemoryLimit = false
        pattern.add(killed)
        pattern.add(other)
        #expect(
            pattern.summary
                == "each of the last 2 attempts: a worker was killed by signal 9 (SIGKILL), in actor_train")
        other.cause = "left with exit status 1"
        other.mfc = ""
        pattern.add(other)
        #expect(pattern.summary == "")
    }

    @Test(
        arguments: [
            ("low 0\nhigh 3\nmax 9\noom 2\noom_kill 7\noom_group_kill 1\n", 7),
            ("oom_kill_disable 0\nunder_oom 0\noom_kill 2\n", 2), ("", nil), ("oom_kill many\n", nil),
        ] as [(String, Int?)])
    func `counts those that the kernel killed for want of memory`(text: String, count: Int?) {
        #expect(MemoryLimit.count(in: text) == count)
    }
}

@Suite struct `Attempts that get nowhere` {
    /// Every attempt runs for ten minutes and dies.
    private func fail(_ driver: inout MachineDriver) -> [TrialAction] {
        driver.now += 600 * second
        for worker in Driver.all { _ = driver.beat(worker, busy("actor_train", step: 31)) }
        driver.exit(Driver.first, .signalled(SIGKILL))
        driver.exit(.master, .signalled(SIGKILL))
        let end = driver.exit(Driver.second, .signalled(SIGKILL))
        driver.take(.timePassed, afterMilliseconds: 20_000)
        if !driver.machine.isEnded { driver.bringUp() }
        return end
    }

    @Test func `are counted however long each of them runs, and what they had in common is the report`() {
        var driver = Driver.running()
        for _ in 1...5 { #expect(fail(&driver).notes == ["restarting"]) }
        let end = fail(&driver)
        #expect(end.notes == ["gave_up"])
        #expect(
            end.statusDetails == [
                """
                model_worker/0 was killed by signal 9 (SIGKILL)
                each of the last 6 attempts: model_worker/0 was killed by signal 9 (SIGKILL), in actor_train, at step 31
                6 attempts in a row have died without a new checkpoint
                """
            ])
    }

    @Test func `are forgotten when there is a new checkpoint`() {
        var driver = Driver.running()
        for round in 1...30 {
            #expect(fail(&driver).notes == ["restarting"])
            if round % 5 == 0 { driver.take(.checkpoint(step: round)) }
        }
    }
}
