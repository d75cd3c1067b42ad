import Protocol
import Store

extension Reducer {
    /// What came back from the reader's thread and the command thread.
    static func takeAnswer(_ state: inout AppState, _ event: AppEvent, now: Int64) -> [Effect] {
        switch event {
        case .trialsListed(let items): takeTrials(&state, items)
        case .trialsFailed(let reason): state.trials.failure = reason
        case .snapshot(let id, let query, let snapshot): takeSnapshot(&state, id, query, snapshot, now: now)
        case .runFailed(let id, let reason):
            if state.run?.id == id {
                state.run?.failure = reason
                state.run?.moves = []
            }
        case .soughtTime(let id, let time): return takeSoughtTime(&state, id, time, now: now)
        case .soughtStep(let id, let step, let mark): takeSoughtStep(&state, id, step, mark, now: now)
        case .experimentsLoaded(let experiments): return takeExperiments(&state, experiments)
        case .experimentsFailed(let reason): toast(&state, reason, .failure, now: now)
        case .launchChecked(let draft, let result):
            guard state.form?.checkedDraft == draft else { return [] }
            switch result {
            case .success(let plan): state.form?.check = .ready(plan)
            case .failure(let refusal): state.form?.check = .refused(refusal)
            }
        case .launched(let id): takeLaunched(&state, id, now: now)
        case .launchFailed(let refusal):
            if state.form?.phase == .launching {
                state.form?.phase = .editing
                state.form?.refusal = refusal
            }
            toast(&state, refusal.summary, .failure, now: now)
        case .pathNames(let path, let names): takePathNames(&state, path, names)
        case .commandAnswered(let text): toast(&state, text, now: now)
        case .commandFailed(let refusal): toast(&state, line(of: refusal), .failure, now: now)
        case .exported(let path): toast(&state, "wrote \(path)", now: now)
        case .exportFailed(let refusal): toast(&state, line(of: refusal), .failure, now: now)
        case .copied(.copied(let bytes)): toast(&state, "copied \(bytes) bytes", now: now)
        case .copied(.tooLong(let bytes, let limit)):
            toast(&state, "\(bytes) bytes are too many for the terminal's clipboard (\(limit))", .warning, now: now)
        case .key, .mouse, .paste, .resize, .tick, .resumed: break
        }
        return []
    }

    private static func line(of refusal: Refusal) -> String {
        refusal.hint.map { "\(refusal.summary) — \($0)" } ?? refusal.summary
    }

    private static func takeTrials(_ state: inout AppState, _ items: [TrialItem]) {
        state.trials.items = items
        state.trials.failure = nil
        if let id = state.run?.id { state.run?.item = items.first { $0.id == id } }
        state.form?.takenNames = Set(items.map(\.id.description))
    }

    private static func takeSnapshot(
        _ state: inout AppState, _ id: TrialID, _ query: RunQuery, _ snapshot: RunSnapshot, now: Int64
    ) {
        guard !state.isFrozen else { return }
        if state.screen == .trials {
            if state.trials.selectedItem?.id == id { state.trials.preview = snapshot }
            return
        }
        guard state.run?.id == id else { return }
        keepLogPlace(&state, snapshot)
        if state.run?.snapshot?.endTime != snapshot.endTime {
            state.run?.heardAt = now
            state.run?.silence = 0
        }
        // What was promised has come.
        if let before = state.run?.snapshot?.status, before != snapshot.status {
            state.toasts.removeAll { $0.kind == .information }
        }
        state.run?.snapshot = snapshot
        state.run?.failure = nil
        if state.run?.timeline.isZoomAutomatic == true, let seconds = StepLength.seconds(of: snapshot) {
            let current = state.run?.timeline.hasFollowedSteps == true ? state.run?.timeline.zoom : nil
            state.run?.timeline.zoom = TimelineView.zoom(forStep: seconds, current: current)
            state.run?.timeline.hasFollowedSteps = true
        }
        state.run?.transport.advance(now: now, end: snapshot.endTime)
    }

    /// A log that was scrolled back stays where it is while lines arrive below.
    private static func keepLogPlace(_ state: inout AppState, _ snapshot: RunSnapshot) {
        guard let run = state.run, run.logs.scroll > 0, let last = run.snapshot?.logs.last?.id else { return }
        state.run?.logs.scroll += snapshot.logs.count { $0.id > last }
    }

    private static func takeSoughtTime(_ state: inout AppState, _ id: TrialID, _ time: Int64?, now: Int64) -> [Effect] {
        guard state.run?.id == id else { return [] }
        guard let time else {
            state.run?.moves = []
            toast(&state, "nothing further that way", now: now)
            return []
        }
        let wasLive = state.run?.transport.isReplay == false
        let end = state.run?.snapshot?.endTime ?? time
        state.run?.transport.pause(now: now, end: end)
        state.run?.transport.seek(to: time, now: now)
        if wasLive { toast(&state, "replay: E returns to the newest record", now: now) }
        let left = (state.run?.moves ?? []).dropFirst()
        state.run?.moves = Array(left)
        guard let next = left.first else { return [] }
        return [.seek(id, next.direction, from: time, stop: next.stop)]
    }

    private static func takeSoughtStep(
        _ state: inout AppState, _ id: TrialID, _ step: Int, _ mark: StepMark?, now: Int64
    ) {
        guard let run = state.run, run.id == id else { return }
        guard let mark else { return toast(&state, "no step has been completed yet", .warning, now: now) }
        state.run?.transport.pause(now: now, end: run.snapshot?.endTime ?? mark.time)
        state.run?.transport.seek(to: mark.time, now: now)
        if mark.step != step {
            toast(&state, "step \(step) is not recorded; the nearest is step \(mark.step)", .warning, now: now)
        } else if !run.transport.isReplay {
            toast(&state, "replay: E returns to the newest record", now: now)
        }
    }

    private static func takeLaunched(_ state: inout AppState, _ id: TrialID, now: Int64) {
        toast(&state, "\(id) runs", now: now)
        if state.run?.id == id {
            state.run?.transport.follow()
            state.watched = nil
        }
        // Asked from the form, the new trial is what one wants to see; asked by a dialog, the screen stays.
        guard state.form != nil else { return }
        state.form = nil
        state.screens.removeAll { $0 == .launch || $0 == .dashboard || $0 == .timeline }
        state.trials.selected = id
        state.run = RunView(id: id)
        state.screens.append(.dashboard)
    }
}
