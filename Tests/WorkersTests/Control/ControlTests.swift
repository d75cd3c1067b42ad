import Protocol
import TestSupport
import Testing

@testable import Workers

@Suite struct WorkerStateMachineTests {
    private func running() -> WorkerStateMachine {
        var machine = WorkerStateMachine()
        _ = machine.connected()
        _ = machine.command(.configure(WireConfigure()))
        _ = machine.news(.configured)
        _ = machine.command(.order(.start))
        _ = machine.news(.running(step: 0))
        return machine
    }

    @Test func `a worker is configured, started and ends`() {
        var machine = WorkerStateMachine()
        #expect(machine.connected() == [])
        #expect(machine.command(.configure(WireConfigure())) == [.obey(.configure(WireConfigure()))])
        #expect(machine.news(.configured) == [.report(.configured, detail: "", step: 0)])
        #expect(machine.command(.order(.start)) == [.obey(.order(.start))])
        #expect(machine.news(.running(step: 4)) == [.report(.running, detail: "", step: 4)])
        #expect(machine.news(.completed(step: 9)) == [.report(.completed, detail: "", step: 9)])
        #expect(machine.state == .completed)
    }

    @Test func `start before configure is refused with the state it is in`() {
        var machine = WorkerStateMachine()
        _ = machine.connected()
        #expect(machine.command(.order(.start)) == [.refuse("'start' does not fit a worker that is ready")])
    }

    @Test func `pause, resume, save_now and evaluate_now reach a worker at work only`() {
        var machine = running()
        #expect(machine.command(.order(.pause)) == [.obey(.order(.pause))])
        #expect(machine.news(.paused(step: 3)) == [.report(.paused, detail: "", step: 3)])
        #expect(machine.command(.order(.resume)) == [.obey(.order(.resume))])
        #expect(machine.command(.order(.saveNow)) == [.obey(.order(.saveNow))])
        #expect(machine.command(.order(.evaluateNow)) == [.obey(.order(.evaluateNow))])
        var fresh = WorkerStateMachine()
        #expect(fresh.command(.order(.pause)) == [.refuse("'pause' does not fit a worker that is starting")])
    }

    @Test func `leaving is reported at once and ordered once`() {
        var machine = running()
        #expect(machine.command(.order(.exit)) == [.report(.stopping, detail: "", step: 0), .obey(.order(.exit))])
        #expect(machine.command(.order(.exit)) == [])
        #expect(machine.news(.paused(step: 2)) == [])
        #expect(machine.news(.stopped(step: 2)) == [.report(.stopped, detail: "", step: 2)])
    }

    @Test func `a failure carries its report, and nothing follows it`() {
        var machine = running()
        #expect(
            machine.news(.failed("boom", step: 5, .lasting)) == [.report(.failed, detail: "boom", step: 5, .lasting)])
        #expect(machine.news(.completed(step: 5)) == [])
    }

    @Test func `the same state is reported once`() {
        var machine = running()
        #expect(machine.news(.running(step: 3)) == [])
    }
}

@Suite struct WorkerProgressTests {
    @Test func `a worker that waits for work is not idle in the stalled sense`() {
        let progress = WorkerProgress(now: 0)
        progress.moved(now: 100)
        #expect(progress.heartbeat(now: 600).idleNs == 500)
        progress.waits()
        #expect(progress.heartbeat(now: 900).idleNs == 0)
    }

    @Test func `progress rises with every move and names the work`() {
        let progress = WorkerProgress()
        let before = progress.heartbeat().progress
        progress.works(on: "actor_gen", step: 7)
        let beat = progress.heartbeat()
        #expect(beat.progress == before + 1)
        #expect((beat.mfc, beat.step) == ("actor_gen", 7))
    }
}

@Suite struct ControlThreadTests {
    /// The orchestrator's side of one worker.
    private struct Orchestrator: ~Copyable {
        let socket: ZeroMQSocket

        func next() throws -> WireWorkerReport {
            _ = try Poller.wait([socket.pollItem], timeout: .seconds(120))
            return try WireCodec.decode(WireWorkerReport.self, from: try #require(try socket.receive()).last ?? [])
        }

        /// The next report that is no heartbeat.
        func nextState() throws -> String {
            while true {
                switch try next().body {
                case .hello: return "hello"
                case .state(let state): return state.state
                default: continue
                }
            }
        }

        /// The weight version of the heartbeat right before the next state; nil where another report came before it.
        func versionBeforeNextState() throws -> UInt64? {
            var version: UInt64?
            while true {
                switch try next().body {
                case .heartbeat(let beat): version = beat.weightVersion
                case .state: return version
                default: version = nil
                }
            }
        }

        func sendGarbage() throws { _ = try socket.send([Array("model_worker/1".utf8), [0xff, 0x00, 0x17]]) }

        func send(_ body: WireWorkerCommand.OneOf_Body) throws {
            _ = try socket.send([
                Array("model_worker/1".utf8), WireCodec.encode(WireWorkerCommand.make { $0.body = body }),
            ])
        }
    }

    @Test func `a worker says hello, beats, obeys and reports its end`() throws {
        let folder = TemporaryFolder(), context = ZeroMQContext(), runtime = RuntimeFolder(path: folder.path)
        let socket = try ZeroMQSocket.open(context, .router)
        try socket.bind(runtime.control())
        let orchestrator = Orchestrator(socket: socket)
        let orders = try WorkerMailbox<WorkerCommand>(), news = try WorkerMailbox<WorkerNews>()
        let progress = WorkerProgress()
        let control = ControlThread(
            worker: WorkerID(.model, 1), epoch: TelemetryEpoch(attempt: 3, launch: 2), context: context,
            endpoint: try runtime.control(), processID: 77, orders: orders, news: news, progress: progress,
            complain: { _ in })
        let thread = try OwnThread(name: "test") { do { try control.run() } catch { Issue.record("\(error)") } }
        let hello = try orchestrator.next()
        #expect((hello.worker, hello.attempt, hello.launch, hello.pid) == ("model_worker/1", 3, 2, 77))
        try orchestrator.sendGarbage()
        try orchestrator.send(.configure(filled(WireConfigure()) { $0.attempt = 3 }))
        _ = try Poller.wait([orders.pollItem], timeout: .seconds(120))
        #expect(orders.take() == [.configure(filled(WireConfigure()) { $0.attempt = 3 })])
        news.post(.configured)
        #expect(try orchestrator.nextState() == "configured")
        try orchestrator.send(.order("dance"))
        try orchestrator.send(.order(WorkerOrder.start.rawValue))
        _ = try Poller.wait([orders.pollItem], timeout: .seconds(120))
        #expect(orders.take() == [.order(.start)])
        progress.holds(7)
        news.post(.failed("boom", step: 1))
        #expect(try orchestrator.versionBeforeNextState() == 7, "the last heartbeat says what the end left")
        thread.join()
    }
}
