import Protocol

/// Between two steps: what the user asked for, what no train step could carry, then the next step.
extension MasterCore {
    mutating func obey(_ command: MasterCommand, now: Int64) throws -> [MasterAction] {
        switch command {
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
            return finish(.stopped, now: now)
        }
        switch phase {
        case .joining, .opening:
            return command == .exit ? finish(.stopped, now: now) : []
        case .paused:
            return try continueBetweenSteps(now: now)
        case .stepping, .between, .finished:
            return []
        }
    }

    mutating func betweenEnded(
        _ pending: RequestLedger<Purpose>.Pending, _ reply: WireReply, now: Int64
    ) throws -> [MasterAction] {
        var actions = saved(reply, now: now)
        if case .evaluation = pending.purpose {
            let metrics = reply.statistics.map { Metric($0.name, $0.value) }
            actions.append(.metrics(step: UInt64(done), metrics))
            actions += evaluated(metrics, step: done)
        }
        return actions + (ledger.isIdle ? try continueBetweenSteps(now: now) : [])
    }

    /// One wish after the other, then on with the trial.
    mutating func continueBetweenSteps(now: Int64) throws -> [MasterAction] {
        if wishes.save {
            wishes.save = false
            let saving = try saveRequests(now: now)
            if !saving.isEmpty { return enterBetween(saving, now: now) }
        }
        if wishes.stop { return finish(.stopped, now: now) }
        if wishes.evaluate {
            wishes.evaluate = false
            let evaluating = try evaluationRequests(now: now)
            if !evaluating.isEmpty { return enterBetween(evaluating, now: now) }
        }
        if wishes.pause {
            phase = .paused
            return showPaused()
        }
        let shown = showRunning()
        guard let next = schedule.upcoming else { return shown + (try closeSetup(now: now)) }
        return shown + (try beginStep(next, now: now))
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

    private mutating func enterBetween(_ outgoing: [Outgoing], now: Int64) -> [MasterAction] {
        phase = .between
        return issue(outgoing, now: now)
    }

    /// Save requests for every role that trains; none where this step is on disk already or nothing was trained.
    private mutating func saveRequests(now: Int64) throws -> [Outgoing] {
        guard done != lastSaved, done > plan.stepsBefore(setup: setupIndex) else { return [] }
        return try setup.calls.filter { $0.interfaceType == .trainStep }.map { call in
            let model = try place(of: call.model)
            var save = request(.save, to: model.worker, handler: model.shard.description, step: done, now: now)
            save.postHooks = [saveHook(model, step: done, isRecoverOnly: true)]
            return Outgoing(worker: model.worker, purpose: .save, request: save)
        }
    }

    private mutating func evaluationRequests(now: Int64) throws -> [Outgoing] {
        guard let evaluation = setup.evaluation, lastEvaluated != done else { return [] }
        lastEvaluated = done
        let model = try place(of: evaluation.model)
        let evaluate = request(.evaluate, to: model.worker, handler: model.shard.description, step: done, now: now)
        return [Outgoing(worker: model.worker, purpose: .evaluation, request: evaluate)]
    }

    /// The setup is done: what is left of its data is dropped everywhere.
    private mutating func closeSetup(now: Int64) throws -> [MasterAction] {
        let left = buffer.ids
        let clearing: [MasterAction] =
            left.isEmpty
            ? []
            : plan.modelWorkers.indices.map { worker in
                var clear = request(
                    .clearDataCache, to: worker, handler: WorkerID(.model, worker).description, step: done, now: now)
                clear.ids = left
                return .send(worker: worker, clear)
            }
        return clearing + (try openNextSetup(now: now))
    }

    mutating func finish(_ outcome: MasterOutcome, now: Int64) -> [MasterAction] {
        phase = .finished
        let resets = plan.modelWorkers.indices.map { worker in
            MasterAction.send(
                worker: worker,
                request(.reset, to: worker, handler: WorkerID(.model, worker).description, step: done, now: now))
        }
        return resets + [.finish(outcome)]
    }
}
