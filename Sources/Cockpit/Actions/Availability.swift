import Protocol
import Store

/// Whether an action can be done now.
enum Availability {
    /// Why it cannot, for a person to read; nil when it can.
    static func reason(against action: ActionID, in state: AppState) -> String? {
        switch action {
        case .showDashboard,
            _ where action.panelPlace != nil:
            return state.run == nil ? "no trial is open; enter opens the selected one" : nil
        case .stopTrial: return whyNotAlive(state, verb: "stop")
        case .pauseTrial,
            _ where action.request != nil:
            if state.run == nil { return "no trial is open" }
            return whyNotAlive(state, verb: "command")
        case .killWorker:
            guard let run = state.run else { return "no trial is open" }
            if let reason = whyNotAlive(state, verb: "kill in") { return reason }
            guard let worker = run.selectedWorker else { return "no worker is selected" }
            return worker.pid > 0 && !worker.state.isTerminal ? nil : "\(worker.id) does not run"
        case .relaunch:
            guard let status = status(state) else { return "there is no trial to relaunch" }
            return status.isTerminal ? nil : "it is \(status.rawValue); stop it first"
        case .replay:
            return state.run == nil && state.trials.selectedItem == nil ? "there is no trial to replay" : nil
        case .playPause, .slower, .faster, .eventBack, .eventForward, .stepBack, .stepForward, .jumpToEnd:
            return state.run == nil ? "no trial is open" : nil
        case .filter where state.screen == .timeline: return "nothing to filter on this screen"
        case .filter:
            let isFilterable =
                state.screen == .trials || state.screen == .launch
                || state.run.map { Panels.panel($0.focus).filter(in: $0) != nil } == true
            let others = Panels.all.filter { panel in state.run.map { panel.filter(in: $0) != nil } == true }
            return isFilterable
                ? nil : "nothing to filter here; tab to: \(others.map(\.id.name).joined(separator: ", "))"
        case .enter where state.screen == .trials:
            return state.trials.selectedItem == nil ? "there is no trial yet; N launches one" : nil
        default: return nil
        }
    }

    private static func status(_ state: AppState) -> TrialStatus? {
        state.screen == .trials ? state.trials.selectedItem?.status : state.run.map { $0.item?.status ?? $0.status }
    }

    private static func whyNotAlive(_ state: AppState, verb: String) -> String? {
        guard let status = status(state) else { return "there is no trial to \(verb)" }
        return status.isTerminal ? "nothing to \(verb): the trial is \(status.rawValue)" : nil
    }
}
