import Protocol
import Store

/// Turns what happened into a new state and the effects wanted; knows no clock, no terminal and no file.
enum Reducer {
    /// `now` is the loop's clock in nanoseconds; it only ever grows.
    static func reduce(_ state: inout AppState, _ event: AppEvent, now: Int64) -> [Effect] {
        var effects: [Effect] = []
        let overlay = state.overlay
        switch event {
        case .key(let stroke): effects = takeKey(&state, stroke, now: now)
        case .mouse(let mouse): effects = takeMouse(&state, mouse, now: now)
        case .paste(let text): effects = takePaste(&state, text, now: now)
        case .resize(let size): state.size = size
        case .resumed:
            // Nothing was read meanwhile, which is no silence of the run.
            state.run?.heardAt = now
            effects = [.repaint]
        case .tick: passTime(&state, now: now)
        default: effects = takeAnswer(&state, event, now: now)
        }
        if case .confirm(var question) = state.overlay, state.overlay != overlay {
            question.askedAt = question.askedAt ?? now
            state.overlay = .confirm(question)
        }
        return effects + refreshWishes(&state, now: now)
    }

    /// The effects that get a fresh dashboard going.
    static func start(_ state: inout AppState, now: Int64) -> [Effect] {
        [.loadExperiments] + refreshWishes(&state, now: now)
    }

    private static func passTime(_ state: inout AppState, now: Int64) {
        state.toasts.removeAll { $0.expires <= now }
        guard !state.isFrozen, let end = state.run?.snapshot?.endTime else { return }
        state.run?.transport.advance(now: now, end: end)
        state.run?.measureSilence(now: now)
    }

    /// Asks for other data when what is shown has changed.
    private static func refreshWishes(_ state: inout AppState, now: Int64) -> [Effect] {
        var effects: [Effect] = []
        let pace: ListPace = state.screen == .trials || state.screen == .launch ? .often : .seldom
        if pace != state.listPace {
            state.listPace = pace
            effects.append(.listTrials(pace))
        }
        guard !state.isFrozen else { return effects }
        let wanted = state.subscription(now: now)
        if wanted != state.watched {
            state.watched = wanted
            effects.append(.watch(wanted))
        }
        return effects
    }

    /// Shows a short message for a few seconds; the same text is not stacked.
    static func toast(_ state: inout AppState, _ text: String, _ kind: Toast.Kind = .information, now: Int64) {
        state.toasts.removeAll { $0.text == text }
        let seconds: Int64 = kind == .information ? 3 : 6
        state.toasts.append(Toast(kind: kind, text: text, expires: now + seconds * 1_000_000_000))
        if state.toasts.count > 3 { state.toasts.removeFirst() }
    }

    private static func takePaste(_ state: inout AppState, _ text: String, now: Int64) -> [Effect] {
        let line = text.split(whereSeparator: \.isNewline).joined(separator: " ")
        switch state.overlay {
        case .help(var help):
            help.search.insert(line)
            state.overlay = .help(help)
        case .palette(var palette):
            palette.input.insert(line)
            state.overlay = .palette(palette)
        case .themes, .confirm: break
        case nil:
            if state.filterInput != nil {
                state.filterInput?.field.insert(line)
                applyFilter(&state)
            } else if state.screen == .launch, let effects = pasteIntoField(&state, line) {
                return effects
            } else {
                toast(&state, "pasted text was left out: no field takes it here", now: now)
            }
        }
        return []
    }
}

extension AppState {
    /// When the loop must wake though nothing happens; nil when only input and data can change anything.
    func nextDeadline(now: Int64) -> Int64? {
        var deadline = toasts.map(\.expires).min()
        if case .confirm(let question) = overlay, let asked = question.askedAt, !question.isReadable(now: now) {
            deadline = min(deadline ?? .max, asked + Confirmation.reading)
        }
        if !isFrozen, let run, run.transport.isPlaying, screen == .dashboard || screen == .timeline {
            deadline = min(deadline ?? .max, now + Self.replayFrame)
        }
        if !isFrozen, screen == .dashboard || screen == .timeline, let silence = run?.nextSilence(now: now) {
            deadline = min(deadline ?? .max, silence)
        }
        return deadline
    }

    /// Time between two frames of a replay.
    private static let replayFrame: Int64 = 100_000_000

    /// What the screen shown needs of a run.
    func subscription(now: Int64) -> Subscription? {
        switch screen {
        case .trials:
            guard let id = trials.selectedItem?.id else { return nil }
            let keys = trials.preview?.header.id == id ? trials.preview?.series.map(\.key) ?? [] : []
            let metrics = Array(MetricOrder.ranked(keys).prefix(3))
            return Subscription(
                trial: id, query: RunQuery(timelineWindow: 0, metrics: metrics, columns: 60, logLimit: 1))
        case .launch:
            return watched
        case .dashboard, .timeline:
            return run.map { Subscription(trial: $0.id, query: query(for: $0, now: now)) }
        }
    }

    private func query(for run: RunView, now: Int64) -> RunQuery {
        let layout = DashboardLayout(state: self)
        let time = run.snapshot?.time ?? 0
        let position = run.transport.position(now: now, end: run.snapshot?.endTime ?? .max)
        let page = layout.charts.page(of: run)
        return RunQuery(
            playhead: position.map(Playhead.at) ?? .head,
            timelineWindow: run.timeline.window(at: time) + run.timeline.offset,
            metrics: page.map { run.metrics[$0] },
            columns: min(4_096, layout.curveColumns * run.charts.zoom),
            logLimit: run.logs.scroll > 0 || !run.logs.filter.isEmpty || run.isZoomed ? 1_000 : 200,
            logLevel: run.logs.level, logWorker: run.logs.worker)
    }
}
