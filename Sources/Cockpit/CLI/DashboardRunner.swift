import Foundation
import Glibc
import Protocol

/// Puts the dashboard together and runs it on this terminal until the person leaves.
struct DashboardRunner {
    /// What the dashboard opens on.
    enum Opening {
        case trials
        /// A run that is followed as it goes on.
        case live(TrialID)
        /// A run from its start.
        case replay(TrialID)
    }

    let home: HomeFolder
    let appearance: AppearanceOptions

    func run(_ opening: Opening) throws {
        try MainActor.assumeIsolated { try runOnMainThread(opening) }
    }

    @MainActor private func runOnMainThread(_ opening: Opening) throws {
        let environment = appearance.environment(Environment.variables)
        let plan = try TerminalPlan.decide(environment: environment, isTerminal: Output.isTerminal)
        let library = ThemeLibrary.searching(environment: environment, executable: Environment.executable)
        // A theme that was asked for by name and does not load is an error before the screen changes, not a toast after.
        let theme = appearance.theme ?? (plan.depth == .mono ? "mono" : Theme.defaultDarkName)
        if appearance.theme != nil { _ = try library.theme(named: theme) }
        let source = try EventSource.open(escapeDelay: plan.escapeDelay)
        let screen = try NCursesScreen.open(plan: plan)
        source.peer = screen
        let loop = EventLoop(
            state: Self.state(opening, size: screen.size, themes: library.names, theme: theme), screen: screen,
            feed: source, backend: LocalBackend(home: home, exportFolder: Environment.workingFolder),
            wake: { [waker = source.waker] in waker.wake() }, themes: { try library.theme(named: $0) })
        let farewell: String
        do {
            farewell = try loop.run()
        } catch {
            screen.close(farewell: "")
            throw error
        }
        screen.close(farewell: farewell)
    }

    private static func state(_ opening: Opening, size: Size, themes: [String], theme: String) -> AppState {
        var state: AppState
        switch opening {
        case .trials: state = AppState(size: size)
        case .live(let id): state = AppState.opened(on: RunView(id: id), size: size)
        case .replay(let id):
            var run = RunView(id: id)
            run.transport.seek(to: 0, now: 0)
            state = AppState.opened(on: run, size: size)
        }
        state.themes = themes.contains(theme) ? themes : themes + [theme]
        state.theme = theme
        state.utcOffset = TimeZone.current.secondsFromGMT()
        return state
    }
}
