import Protocol

/// Between two steps: what the user asked for, what no train step could carry, then the next step.
extension MasterCore {
    mutating func obey(_ order: WorkerOrder, now: Int64) throws -> [MasterAction] {
        switch order {
        case .pause: wishes.pause = true
        case .resume: wishes.pause = false
        case .saveNow: wishes.save = true
        case .evaluateNow:
            wishes.evaluate = true
        case .exit:
            wishes.stop = true
            // Stopping loses nothing: what has been trained since the last checkpoint is saved.
            wishes.save = true
        case .leaveNow:
            // What is whole is saved by those who hold it.
            return finish(.stopped)
        // Not the master's: it runs already, and its steps are whole where the models are.
        case .start, .saveWhole: return []
        }
        switch state {
        case .joining, .opening: return order == .exit ? finish(.stopped) : []
        case .paused(let setup): return try continueBetween(setup, now: now)
        case .stepping, .between, .finished: return []
        }
    }

    /// One wish after the other, each when what it asked for is done, then on with the trial.
    mutating func continueBetween(_ setup: OpenSetup, now: Int64) throws -> [MasterAction] {
        state = .between(setup)
        guard ledger.isIdle else { return [] }
        if wishes.save {
            wishes.save = false
            let saves = try saves(of: setup)
            if !saves.isEmpty { return issue(saves, of: setup, step: done) }
        }
        if wishes.stop { return finish(.stopped) }
        if wishes.evaluate {
            wishes.evaluate = false
            let evaluation = try evaluation(of: setup, after: done)
            if !evaluation.isEmpty { return issue(evaluation, of: setup, step: done) }
        }
        if wishes.pause {
            state = .paused(setup)
            return showPaused()
        }
        let shown = showRunning()
        guard let next = setup.schedule.upcoming else { return shown + (try close(setup, now: now)) }
        return shown + (try beginStep(next, of: setup, now: now))
    }

    private mutating func showPaused() -> [MasterAction] {
        if isShownPaused { return [] }
        isShownPaused = true
        return [
            .log(.info, "paused after step \(done)"), .state(.paused, step: UInt64(done)),
            .working(mfc: "", step: UInt64(done)),
        ]
    }

    /// Whoever saw the pause sees its end too, also where resume came while a save or an evaluation was under way.
    private mutating func showRunning() -> [MasterAction] {
        guard isShownPaused else { return [] }
        isShownPaused = false
        return [.log(.info, "goes on after step \(done)"), .state(.running, step: UInt64(done))]
    }

    /// Save requests for every role that trains; none where this step is on disk already or nothing was trained.
    private func saves(of setup: OpenSetup) throws -> [Outgoing] {
        guard done != lastSaved, done > plan.stepsBefore(setup: setup.index) else { return [] }
        return try setup.training.map { call in
            Outgoing(
                worker: try setup.placement.head(of: call.model).worker, purpose: .save,
                body: .save(saving(call.model.role, step: done)))
        }
    }

    /// The setup's evaluation with the weights after `step`; none where there is no such or it has been done.
    mutating func evaluation(of setup: OpenSetup, after step: Int) throws -> [Outgoing] {
        guard let call = setup.plan.evaluation?.call, lastEvaluated != step else { return [] }
        lastEvaluated = step
        return [
            Outgoing(
                worker: try setup.placement.head(of: call.model).worker, purpose: .evaluation(call.name),
                body: .call(CallRequest(call)))
        ]
    }

    /// The setup is done: what is left of its data is dropped everywhere.
    private mutating func close(_ setup: OpenSetup, now: Int64) throws -> [MasterAction] {
        let left = setup.buffer.ids
        let clearing = left.isEmpty ? [] : tellAll(.clear(left), setup: setup.index)
        return clearing + (try openSetup(from: setup.index + 1, now: now))
    }

    mutating func finish(_ outcome: MasterOutcome) -> [MasterAction] {
        let resets = tellAll(.reset, setup: state.setup?.index ?? 0)
        state = .finished
        return resets + [.finish(outcome)]
    }
}
