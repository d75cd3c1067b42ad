import Protocol

/// Where the loop's events come from: the terminal, or a script in a test.
@MainActor
protocol EventFeed: AnyObject {
    /// Waits until something happens or the time has passed; nil waits for ever.
    func next(timeout: Duration?) -> [TerminalEvent]
}

extension EventSource: EventFeed {}

/// Runs the dashboard: takes events, lets the reducer decide, performs the effects, draws what changed.
///
/// Nothing here blocks but the wait for events; files, sockets and processes are on two threads of their own.
@MainActor
final class EventLoop {
    private var state: AppState
    private let screen: any Screen
    private let feed: any EventFeed
    private let themes: (String) throws -> Theme
    private let wall: () -> Int64
    private let startThread: ThreadStart
    private let inbox: Inbox
    private let reader: RunReader
    private let commands: CommandRunner

    private var theme: Theme
    private var themeName: String
    private var isDirty = true
    /// What is on the screen; nil where it is to be drawn whatever that is.
    private var drawn: (surface: Surface, theme: Theme)?
    private var lastFrame: Int64 = .min
    private var farewell: String?

    /// How a thread with a name is started.
    typealias ThreadStart = (String, @escaping @Sendable () -> Void) throws(TransportError) -> OwnThread

    /// `wake` must make `feed` return; `themes` finds a theme by its name; `wall` reads the wall clock.
    init(
        state: AppState, screen: any Screen, feed: any EventFeed, backend: any Backend,
        wake: @escaping @Sendable () -> Void, themes: @escaping (String) throws -> Theme,
        wall: @escaping () -> Int64 = RunClock.wallNanoseconds,
        startThread: @escaping ThreadStart = { (name, body) throws(TransportError) in
            try OwnThread(name: name, body)
        }
    ) {
        self.state = state
        self.screen = screen
        self.feed = feed
        self.themes = themes
        self.wall = wall
        self.startThread = startThread
        inbox = Inbox(wake: wake)
        reader = RunReader(backend: backend, inbox: inbox)
        commands = CommandRunner(backend: backend, inbox: inbox)
        themeName = state.theme
        theme = (try? themes(state.theme)) ?? .defaultDark
    }

    /// Runs until the person leaves and returns what to print once the terminal is restored. Workers are not touched.
    /// - Throws: where its threads cannot be started; without them the screen would stay empty.
    func run() throws(TransportError) -> String {
        let readerThread = try startThread("reader") { [reader] in reader.run() }
        let commandThread = try startCommands(beside: readerThread)
        state.size = screen.size
        perform(Reducer.start(&state, now: LoopClock.now()))
        draw()
        // That frame had no data yet; the first that has is not kept waiting for it.
        lastFrame = .min
        while farewell == nil {
            for event in feed.next(timeout: patience()) { take(event) }
            for event in inbox.drain() { reduce(event) }
            if farewell == nil, isDirty, LoopClock.now() >= nextFrame { draw() }
        }
        reader.stop()
        commands.stop()
        readerThread.join()
        // A launch may take seconds and nobody is there to wait for it; it goes on until it is done.
        commandThread.detach()
        return farewell ?? ""
    }

    private func startCommands(beside readerThread: OwnThread) throws(TransportError) -> OwnThread {
        do {
            return try startThread("commands") { [commands] in commands.run() }
        } catch {
            reader.stop()
            readerThread.join()
            throw error
        }
    }

    // MARK: Time

    /// 30 frames a second.
    private static let frameLength: Int64 = 33_000_000

    private var nextFrame: Int64 { lastFrame == .min ? .min : lastFrame + Self.frameLength }

    /// How long nothing has to happen before the loop must look again.
    private func patience() -> Duration? {
        let now = LoopClock.now()
        var deadline = state.nextDeadline(now: now)
        if isDirty { deadline = min(deadline ?? .max, nextFrame) }
        // The trials list shows a clock with minutes and how long trials take.
        if state.screen == .trials { deadline = min(deadline ?? .max, now + 30_000_000_000) }
        return deadline.map { .nanoseconds(max(0, $0 - now)) }
    }

    // MARK: Events and effects

    private func take(_ event: TerminalEvent) {
        switch event {
        case .key(let stroke): reduce(.key(stroke))
        case .mouse(let mouse): reduce(.mouse(mouse))
        case .paste(let text): reduce(.paste(text))
        case .resize(let size):
            screen.resize(to: size)
            drawn = nil
            reduce(.resize(size))
        case .wake: break
        case .tick:
            reduce(.tick)
            isDirty = true
        case .resume:
            invalidate()
            reduce(.resumed)
        case .hangup, .terminate: farewell = Farewell.text(for: state)
        }
    }

    private func invalidate() {
        screen.invalidate()
        drawn = nil
    }

    private func reduce(_ event: AppEvent) {
        let before = state
        let effects = Reducer.reduce(&state, event, now: LoopClock.now())
        if state != before { isDirty = true }
        perform(effects)
    }

    private func perform(_ effects: [Effect]) {
        for effect in effects {
            switch effect {
            case .watch(let subscription): reader.watch(subscription)
            case .listTrials(let pace): reader.list(pace)
            case .seek(let trial, let direction, let from, let stop):
                reader.seek(trial, direction, from: from, stop: stop)
            case .seekStep(let trial, let step): reader.seek(trial, step: step)
            case .loadExperiments: commands.submit(.loadExperiments)
            case .checkLaunch(let draft): commands.submit(.check(draft))
            case .launch(let draft): commands.submit(.launch(draft))
            case .completePath(let path): commands.submit(.completePath(path))
            case .command(let kind, let worker, let trial): commands.submit(.command(kind, worker, trial))
            case .export(let name): commands.submit(.export(picture(name)))
            case .copy(let text): reduce(.copied(screen.copy(text)))
            case .setMouse(let capture): screen.setMouse(capture)
            case .repaint:
                invalidate()
                isDirty = true
            case .suspend:
                screen.suspend()
                invalidate()
                isDirty = true
            case .quit(let text): farewell = text
            }
        }
    }

    private func picture(_ name: String) -> ExportedPicture {
        ExportedPicture(name: name, surface: frame(), theme: theme)
    }

    // MARK: Drawing

    private func frame() -> Surface {
        DashboardRenderer.render(state, glyphs: screen.glyphs, now: LoopClock.now(), wall: wall())
    }

    private func draw() {
        refreshTheme()
        let next = frame()
        // A clock that has not moved on, or data that are not on this screen, make no frame.
        if drawn?.surface != next || drawn?.theme != theme { screen.present(next, theme: theme) }
        drawn = (next, theme)
        isDirty = false
        lastFrame = LoopClock.now()
    }

    /// A theme that does not load leaves the old one and says why.
    private func refreshTheme() {
        guard state.theme != themeName else { return }
        let wanted = state.theme
        do {
            theme = try themes(wanted)
            themeName = wanted
        } catch {
            state.theme = themeName
            Reducer.toast(&state, Refusal(error).summary, .failure, now: LoopClock.now())
        }
    }
}
