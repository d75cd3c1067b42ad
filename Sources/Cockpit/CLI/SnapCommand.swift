import ArgumentParser
import Foundation
import Orchestrator
import Protocol
import Store

/// Draws a screen without a terminal, as SVG or as text.
struct SnapCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "snap", abstract: "Draw a screen of the dashboard into a file.",
        discussion: "Without -e and -f it draws the list of trials.")

    enum ScreenName: String, CaseIterable, ExpressibleByArgument {
        case trials
        case dashboard
        case timeline
        case launch
    }

    @Option(name: [.customShort("e"), .customLong("experiment")], help: "The experiment.")
    var experiment: String?

    @Option(name: [.customShort("f"), .customLong("trial")], help: "The trial.")
    var trial: String?

    @Option(help: "Which screen.")
    var screen: ScreenName?

    @Option(help: "Columns.")
    var width = 120

    @Option(help: "Rows.")
    var height = 36

    @Option(help: "Seconds since the run's start; without it the newest moment.")
    var at: Double?

    @Option(
        help: """
            Keys to press first, with spaces between, such as '?' or '4 z'. Nothing that they ask for is carried out: no \
            trial is started or stopped.
            """)
    var keys = ""

    @Option(help: "Write an SVG to this file; - is standard output.")
    var svg: String?

    @Option(help: "Write text to this file; - is standard output.")
    var txt: String?

    /// How many colours the picture has.
    enum Colors: String, CaseIterable, ExpressibleByArgument {
        case truecolor
        case indexed = "256"
        case basic = "16"
        case few = "8"
        case mono

        var depth: ColorDepth {
            switch self {
            case .truecolor: .trueColor
            case .indexed: .indexed256
            case .basic: .basic16
            case .few: .basic8
            case .mono: .mono
            }
        }
    }

    @Option(help: "As a terminal of so many colours shows it.")
    var colors = Colors.truecolor

    @OptionGroup var appearance: AppearanceOptions

    private var name: String { screen?.rawValue ?? "" }

    func validate() throws {
        guard svg != nil || txt != nil else { throw ValidationError("Give --svg FILE or --txt FILE.") }
        guard (experiment == nil) == (trial == nil) else { throw ValidationError("-e and -f go together.") }
        switch screen {
        case .dashboard, .timeline:
            guard trial != nil else { throw ValidationError("--screen \(name) needs a trial: give -e and -f.") }
        case .trials, .launch:
            guard trial == nil else {
                throw ValidationError("--screen \(name) is of no one trial: leave out -e and -f.")
            }
        case nil: break
        }
        for name in keys.split(separator: " ") where KeyStroke(named: String(name)) == nil {
            throw ValidationError(
                "--keys: \"\(name)\" is no key. A key is one character, F1 to F12, or one of "
                    + "\(KeyStroke.names.keys.sorted().joined(separator: ", ")), after ctrl-, alt- or shift-.")
        }
        guard (1...1000).contains(width), (1...1000).contains(height) else {
            throw ValidationError("--width and --height must be between 1 and 1000.")
        }
        guard at.map({ $0.isFinite && $0 >= 0 && $0 < 1e9 }) ?? true else {
            throw ValidationError("--at must be a number of seconds, 0 or more.")
        }
    }

    func run() throws {
        let library = ThemeLibrary.searching(environment: Environment.variables, executable: Environment.executable)
        let name = appearance.theme ?? Theme.defaultDarkName
        _ = try library.theme(named: name)
        let state = try state(library.names, theme: name)
        let theme = try library.theme(named: state.theme)
        let surface = DashboardRenderer.render(
            state, glyphs: appearance.ascii ? .ascii : .unicode, now: Self.pause, wall: RunClock.wallNanoseconds())
        if let svg { try write(SurfaceSVG.text(of: surface, theme: theme, depth: colors.depth), to: svg) }
        if let txt { try write(surface.lines.joined(separator: "\n") + "\n", to: txt) }
    }

    /// Nanoseconds from the last key to the picture: a question has been read by then, and a message still stands.
    private static let pause: Int64 = 1_000_000_000

    private func state(_ themes: [String], theme: String) throws -> AppState {
        let home = try Environment.readableHome(), backend = LocalBackend(home: home, exportFolder: ".")
        var state = AppState(
            size: Size(width: width, height: height), themes: themes.contains(theme) ? themes : themes + [theme],
            theme: theme)
        state.utcOffset = TimeZone.current.secondsFromGMT()
        let trials = try backend.trials()
        _ = Reducer.reduce(&state, .trialsListed(trials), now: 0)
        _ = Reducer.reduce(&state, .experimentsLoaded(try backend.experiments()), now: 0)
        if let experiment, let trial {
            let id = TrialID(experiment: try ExperimentName(experiment), trial: try TrialName(trial))
            _ = try TrialList.one(id, home: home)
            var run = RunView(id: id)
            if let at { run.transport.seek(to: Int64(at * 1e9), now: 0) }
            run.item = trials.first { $0.id == id }
            state.run = run
            state.screens = screen == .timeline ? [.dashboard, .timeline] : [.dashboard]
        } else if screen == .launch {
            state.screens = [.trials, .launch]
            state.form = LaunchForm()
            try check(Reducer.reduce(&state, .experimentsLoaded(state.experiments), now: 0), &state, backend)
        }
        try fill(&state, from: backend)
        for stroke in keys.split(separator: " ").compactMap({ KeyStroke(named: String($0)) }) {
            try check(Reducer.reduce(&state, .key(stroke), now: 0), &state, backend)
            try fill(&state, from: backend)
        }
        return state
    }

    /// Has the plan of the form made, as the dashboard does in the background.
    private func check(_ effects: [Effect], _ state: inout AppState, _ backend: LocalBackend) throws {
        for case .checkLaunch(let draft) in effects {
            let outcome = Result { try backend.check(draft) }.mapError { Refusal($0) }
            _ = Reducer.reduce(&state, .launchChecked(draft, outcome), now: 0)
        }
    }

    /// Reads what the screen asks for; which metrics it shows depends on which there are, so it asks twice.
    private func fill(_ state: inout AppState, from backend: LocalBackend) throws {
        guard let id = state.subscription(now: 0)?.trial else { return }
        let source: any RunSource
        do {
            source = try backend.open(id)
        } catch {
            // The list is drawn also where one of its runs cannot be read.
            if trial == nil { return }
            throw error
        }
        for _ in 0..<2 {
            guard let query = state.subscription(now: 0)?.query else { return }
            _ = Reducer.reduce(&state, .snapshot(id, query, try source.snapshot(query)), now: 0)
        }
    }

    private func write(_ text: String, to path: String) throws {
        if path == "-" { return Output.document(text) }
        try OutputFile.write(text, to: path)
    }
}
