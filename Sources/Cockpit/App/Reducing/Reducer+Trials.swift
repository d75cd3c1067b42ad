import Protocol
import Store

extension Reducer {
    static func performInTrials(_ state: inout AppState, _ action: ActionID, now: Int64) -> [Effect] {
        switch action {
        case .up: moveTrial(&state, by: -1)
        case .down: moveTrial(&state, by: 1)
        case .pageUp: moveTrial(&state, by: -10)
        case .pageDown: moveTrial(&state, by: 10)
        case .top: moveTrial(&state, by: -1_000_000)
        case .bottom: moveTrial(&state, by: 1_000_000)
        case .sort:
            let orders = TrialsView.Order.allCases
            let index = orders.firstIndex(of: state.trials.order) ?? 0
            state.trials.order = orders[(index + 1) % orders.count]
        case .enter: openSelected(&state) { _ in }
        case .escape: state.trials.filter = ""
        case .copy:
            guard let item = state.trials.selectedItem else { return [] }
            return [.copy("\(item.id)")]
        default: break
        }
        return []
    }

    private static func moveTrial(_ state: inout AppState, by places: Int) {
        let rows = state.trials.visible
        guard !rows.isEmpty else { return }
        let index = rows.firstIndex { $0.id == state.trials.selectedItem?.id } ?? 0
        select(&state, rows[min(max(0, index + places), rows.count - 1)].id)
    }

    static func select(_ state: inout AppState, _ id: TrialID) {
        state.trials.selected = id
        if state.trials.preview?.header.id != id { state.trials.preview = nil }
    }

    private static func openSelected(_ state: inout AppState, prepare: (inout RunView) -> Void) {
        guard let item = state.trials.selectedItem else { return }
        select(&state, item.id)
        var run = RunView(id: item.id)
        run.item = item
        // The preview shows the dashboard something at once, until its own view arrives.
        if state.trials.preview?.header.id == item.id { run.snapshot = state.trials.preview }
        prepare(&run)
        state.run = run
        state.screens.append(.dashboard)
    }

    // MARK: Acting on the trial on screen

    /// Stop, pause, relaunch and the like, for the selected or the open trial; nil for other actions.
    static func performOnTrial(_ state: inout AppState, _ action: ActionID, now: Int64) -> [Effect]? {
        switch action {
        case .newTrial: return openForm(&state, from: nil)
        case .stopTrial:
            ask(
                &state, .stop, "Stop \(target(state))?",
                state.run?.status == .stopping
                    ? ["It is stopping. Once more saves the newest whole step and leaves the one under way."]
                    : ["It ends the step under way and saves it: nothing is lost.", "R goes on from there."])
        case .pauseTrial: askPause(&state)
        case .killWorker: askKill(&state)
        case .relaunch: return relaunch(&state)
        case .replay:
            if state.screen == .trials { openSelected(&state) { _ in } }
            let end = state.run?.snapshot?.endTime ?? .max
            state.run?.transport.seek(to: 0, now: now)
            state.run?.transport.play(now: now, end: end)
        default:
            guard let kind = action.request else { return nil }
            return command(&state, kind, now: now)
        }
        return []
    }

    /// The trial that actions on this screen are about.
    static func target(_ state: AppState) -> TrialID? {
        state.screen == .trials ? state.trials.selectedItem?.id : state.run?.id
    }

    private static func target(_ state: AppState) -> String {
        let id: TrialID? = target(state)
        return id.map(\.description) ?? "the trial"
    }

    private static func ask(_ state: inout AppState, _ kind: TrialCommandKind, _ question: String, _ details: [String])
    {
        guard let id: TrialID = target(state) else { return }
        state.overlay = .confirm(
            Confirmation(question: question, details: details, consequence: .command(kind, nil, id)))
    }

    private static func askPause(_ state: inout AppState) {
        if state.run?.status == .paused {
            ask(&state, .resume, "Let \(target(state)) go on?", [])
        } else {
            ask(
                &state, .pause, "Pause \(target(state))?",
                ["It stops between two steps and keeps its memory.", "P lets it go on."])
        }
    }

    private static func askKill(_ state: inout AppState) {
        guard let run = state.run, let worker = run.selectedWorker, let id = WorkerID(worker.id) else { return }
        state.overlay = .confirm(
            Confirmation(
                question: "Kill \(worker.id) (pid \(worker.pid))?",
                details: ["All workers of the trial restart from the last checkpoint.", "Steps since then run again."],
                consequence: .command(.killWorker, id, run.id)))
    }

    private static func command(_ state: inout AppState, _ kind: TrialCommandKind, now: Int64) -> [Effect] {
        guard let id: TrialID = target(state) else { return [] }
        toast(&state, "asked \(id) to \(kind.phrase)…", now: now)
        return [.command(kind, nil, id)]
    }

    /// What did not complete is resumed after a question; what completed opens the form with its settings.
    private static func relaunch(_ state: inout AppState) -> [Effect] {
        guard let id: TrialID = target(state) else { return [] }
        let status =
            state.screen == .trials ? state.trials.selectedItem?.status : state.run?.item?.status ?? state.run?.status
        guard status == .completed else {
            let draft = LaunchDraft(experiment: id.experiment.description, trial: id.trial.description, mode: .resume)
            state.overlay = .confirm(
                Confirmation(
                    question: "Resume \(id)?",
                    details: ["It goes on from its newest checkpoint, with its own settings.", draft.commandLine],
                    consequence: .launch(draft)))
            return []
        }
        return openForm(
            &state, from: state.screen == .trials ? state.trials.preview?.header : state.run?.snapshot?.header)
    }

    /// Opens the launch form, filled in from another trial where one is given.
    private static func openForm(_ state: inout AppState, from header: RunHeader?) -> [Effect] {
        var form = LaunchForm()
        form.takenNames = Set((state.trials.items ?? []).map(\.id.description))
        form.template = header
        state.form = form
        state.screens.append(.launch)
        return [.loadExperiments]
    }
}
