import Protocol
import TestSupport
import Testing

@testable import Workers

@Suite struct `Every command and every news in every state of a worker` {
    /// A machine that is in `state` as it comes there in a trial.
    private func machine(in state: WorkerState) -> WorkerStateMachine {
        var machine = WorkerStateMachine()
        if state == .starting { return machine }
        _ = machine.connected()
        if state == .ready { return machine }
        _ = machine.news(.configured)
        if state == .configured { return machine }
        _ = machine.news(.running(step: 1))
        switch state {
        case .paused: _ = machine.news(.paused(step: 1))
        case .stopping: _ = machine.command(.order(.exit))
        case .completed: _ = machine.news(.completed(step: 1))
        case .stopped: _ = machine.news(.stopped(step: 1))
        case .failed: _ = machine.news(.failed("x", step: 1))
        default: break
        }
        return machine
    }

    private static let states: [WorkerState] = [
        .starting, .ready, .configured, .running, .paused, .stopping, .completed, .stopped, .failed,
    ]

    @Test(arguments: states) func `the way there ends in that state`(state: WorkerState) {
        #expect(machine(in: state).state == state)
    }

    /// Each command with the states that obey it.
    private static let commands: [(String, WorkerCommand, Set<WorkerState>)] = [
        ("configure", .configure(WireConfigure()), [.ready]),
        ("start", .order(.start), [.configured]),
        ("pause", .order(.pause), [.running, .paused]),
        ("resume", .order(.resume), [.running, .paused]),
        ("save_now", .order(.saveNow), [.running, .paused]),
        ("evaluate_now", .order(.evaluateNow), [.running, .paused]),
    ]

    @Test(arguments: states) func `a command is obeyed where it fits, and refused in words elsewhere`(
        state: WorkerState
    ) {
        for (name, command, fitting) in Self.commands {
            var machine = machine(in: state)
            let expected: WorkerStateMachine.Action =
                fitting.contains(state)
                ? .obey(command) : .refuse("'\(name)' does not fit a worker that is \(state.rawValue)")
            #expect(machine.command(command) == [expected])
            #expect(machine.state == state)
        }
    }

    @Test(arguments: states) func `exit is reported and ordered once, unless the worker has ended`(state: WorkerState) {
        var machine = machine(in: state)
        let leaves = !state.isTerminal && state != .stopping
        #expect(
            machine.command(.order(.exit))
                == (leaves ? [.report(.stopping, detail: "", step: 0), .obey(.order(.exit))] : []))
        #expect(machine.state == (leaves ? .stopping : state))
        #expect(machine.command(.order(.exit)) == [])
    }

    @Test(arguments: states) func `news is reported once, and never after the end`(state: WorkerState) {
        let all: [(WorkerNews, WorkerState, String)] = [
            (.configured, .configured, ""), (.running(step: 3), .running, ""), (.paused(step: 3), .paused, ""),
            (.completed(step: 3), .completed, ""), (.stopped(step: 3), .stopped, ""),
            (.failed("boom", step: 3), .failed, "boom"),
        ]
        for (news, next, detail) in all {
            var machine = machine(in: state)
            let isSilent = state.isTerminal || next == state || (state == .stopping && !next.isTerminal)
            let step: UInt64 = next == .configured ? 0 : 3
            #expect(machine.news(news) == (isSilent ? [] : [.report(next, detail: detail, step: step)]))
            #expect(machine.news(news) == [])
        }
    }

    @Test(arguments: UInt64(1)...60) func `whatever happens, one end is reported and nothing after it`(seed: UInt64) {
        var generator = SplitMix(seed: seed), machine = WorkerStateMachine(), reported: [WorkerState] = []
        _ = machine.connected()
        let news: [WorkerNews] = [
            .configured, .running(step: 1), .paused(step: 1), .completed(step: 1), .stopped(step: 1),
            .failed("x", step: 1),
        ]
        let commands = Self.commands.map(\.1) + [.order(.exit), .order(.leaveNow), .order(.saveWhole)]
        for _ in 0..<60 {
            let actions =
                Int.random(in: 0..<3, using: &generator) == 0
                ? news.randomElement(using: &generator).map { machine.news($0) }
                : commands.randomElement(using: &generator).map { machine.command($0) }
            for case .report(let state, _, _, _) in actions ?? [] { reported.append(state) }
        }
        #expect(reported.dropLast().allSatisfy { !$0.isTerminal })
        #expect(zip(reported, reported.dropFirst()).allSatisfy { $0 != $1 })
        if let leaving = reported.firstIndex(of: .stopping) { #expect(reported.count <= leaving + 2) }
    }
}

@Suite struct `What a heartbeat says` {
    @Test func `the time since the last move, and nothing while waiting`() {
        let progress = WorkerProgress(now: 100)
        #expect(progress.heartbeat(now: 900).idleNs == 0, "a worker that has not begun is not stalled")
        progress.moved(now: 1000)
        #expect(progress.heartbeat(now: 1000).idleNs == 0)
        #expect(progress.heartbeat(now: 4000).idleNs == 3000)
        #expect(progress.heartbeat(now: 500).idleNs == 0, "a clock of another thread may be behind")
        progress.waits()
        #expect(progress.heartbeat(now: 9000).idleNs == 0)
    }

    @Test func `the call and step that were begun last, also while waiting`() {
        let progress = WorkerProgress(now: 0)
        progress.works(on: "actor_gen", step: 3)
        progress.works(on: "", step: 4)
        progress.waits()
        let beat = progress.heartbeat(now: 10)
        #expect((beat.mfc, beat.step, beat.progress) == ("", 4, 2))
        #expect(progress.step == 4)
    }
}
