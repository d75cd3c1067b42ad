import Protocol

/// One step: load data, run the calls as their data allows, then account for it.
extension MasterCore {
    mutating func beginStep(_ number: Int, now: Int64) throws -> [MasterAction] {
        phase = .stepping
        run = StepRun(
            number: number, flags: schedule.advance(), start: now, executor: FunctionExecutor(graph))
        var actions: [MasterAction] = [.working(mfc: "", step: UInt64(number))]
        if buffer.size < graph.largestBatch { actions += try fetch(step: number, now: now) }
        return actions + (try dispatch(now: now)) + (try continueStep(now: now))
    }

    private mutating func fetch(step: Int, now: Int64) throws -> [MasterAction] {
        let worker = try dataWorker()
        let fetch = request(.fetch, to: worker, handler: "__data0__", step: step, now: now)
        return issue([Outgoing(worker: worker, purpose: .fetch, request: fetch)], now: now)
    }

    mutating func fetched(_ worker: Int, _ reply: WireReply, now: Int64) throws -> [MasterAction] {
        let sample = try reply.sample.sample()
        guard sample.count > 0 else { throw WorkerError(.message, "a fetch brought no item") }
        try buffer.put(sample, births: reply.birthTimes)
        tracker.add(worker: worker, ids: sample.ids, keys: sample.keys)
        return [record(.put, count: sample.count, now: now)] + (try dispatch(now: now))
            + (try continueStep(now: now))
    }

    /// Sends out every call whose batch is there, and flushes the workers that got something.
    mutating func dispatch(now: Int64) throws -> [MasterAction] {
        guard var step = run else { return [] }
        let ready = try step.executor.dispatch(from: &buffer)
        run = step
        guard !ready.isEmpty else { return [] }
        var actions: [MasterAction] = [], outgoing: [Outgoing] = []
        for item in ready {
            actions.append(record(.get, mfc: item.call.name, count: item.batch.ids.count, now: now))
            actions.append(.working(mfc: item.call.name, step: UInt64(step.number)))
            outgoing += try requests(for: item, step, now: now)
            if item.call.interfaceType == .trainStep { run?.tokens += item.batch.sample.tokensPerItem.reduce(0, +) }
        }
        return actions + issue(outgoing, now: now)
    }

    /// The main request of a call, and an empty one for each other worker that must send data for it.
    private mutating func requests(
        for item: FunctionExecutor.Dispatch, _ step: StepRun, now: Int64
    ) throws -> [Outgoing] {
        let model = try place(of: item.call.model)
        let plan = try Redistributor.plan(
            [.init(worker: model.worker, ids: item.batch.ids, keys: item.call.inputKeys)], from: tracker)
        tracker.expect(worker: model.worker, ids: item.batch.ids, keys: item.call.inputKeys)
        var hooks: [WireHookRequest] = []
        if !plan.steps.isEmpty {
            transfers += 1
            hooks = [plan.hook(transferID: "\(settings.attempt)-\(transfers)")]
        }
        var main = request(
            item.call.interfaceType.handle, to: model.worker, handler: model.shard.description, step: step.number,
            now: now)
        main.mfc = item.call.name
        main.ids = item.batch.ids
        main.preHooks = hooks
        if item.call.interfaceType == .trainStep { main.postHooks = trainHooks(model, step) }
        var outgoing = [Outgoing(worker: model.worker, purpose: .call(item.call.name), request: main)]
        for worker in plan.workers where worker != model.worker {
            var side = request(
                .empty, to: worker, handler: WorkerID(.model, worker).description, step: step.number, now: now)
            side.mfc = item.call.name
            side.preHooks = hooks
            outgoing.append(Outgoing(worker: worker, purpose: .side(item.call.name), request: side))
        }
        return outgoing
    }

    private func trainHooks(_ model: ModelPlan, _ step: StepRun) -> [WireHookRequest] {
        var hooks: [WireHookRequest] = []
        if step.flags.evaluates, setup.evaluation?.model == model.name {
            hooks.append(
                filled(WireHookRequest()) {
                    $0.kind = HookKind.evaluate.rawValue
                    $0.evaluate.step = UInt64(step.number)
                })
        }
        if step.flags.saves {
            hooks.append(saveHook(model, step: step.number, isRecoverOnly: step.flags.isRecoverOnly))
        }
        return hooks
    }

    func saveHook(_ model: ModelPlan, step: Int, isRecoverOnly: Bool) -> WireHookRequest {
        filled(WireHookRequest()) {
            $0.kind = HookKind.save.rawValue
            $0.save.folder = settings.folder(of: model.name.role)
            $0.save.role = model.name.role.description
            $0.save.step = UInt64(step)
            $0.save.recoverOnly = isRecoverOnly
        }
    }

    mutating func ended(
        _ name: MFCName, _ worker: Int, _ reply: WireReply, now: Int64
    ) throws -> [MasterAction] {
        guard let call = graph[name], let batch = run?.executor.ended(name) else {
            throw WorkerError(.message, "a reply came for '\(name)', which was not running")
        }
        if call.interfaceType == .trainStep { weightVersion = reply.weightVersion }
        tracker.add(worker: worker, ids: batch.ids, keys: call.inputKeys)
        var actions: [MasterAction] = []
        if !reply.sample.ids.isEmpty {
            let sample = try reply.sample.sample()
            guard sample.ids == batch.ids else {
                throw WorkerError(.message, "'\(name)' was given other items than it replied with")
            }
            let version = call.interfaceType == .generate ? reply.weightVersion : nil
            try buffer.amend(batch.slots, with: sample, weightVersion: version)
            tracker.add(worker: worker, ids: sample.ids, keys: sample.keys)
            actions.append(record(.amend, mfc: name, count: sample.count, now: now))
        }
        let freed = buffer.finishReading(batch.slots)
        if !freed.isEmpty { actions.append(record(.free, mfc: name, count: freed.count, now: now)) }
        let metrics = metrics(of: call, reply)
        run?.freed += freed
        run?.metrics += metrics
        actions += saved(reply, now: now)
        return actions + (try dispatch(now: now)) + (try continueStep(now: now))
    }

    private func metrics(of call: ModelFunctionCall, _ reply: WireReply) -> [Metric] {
        let prefix = "timeperf/\(call.model.role)_\(call.interfaceType.rawValue)"
        return reply.statistics.map { Metric($0.name, $0.value) }
            + reply.times.map { Metric("\(prefix)/\($0.name)", $0.seconds) }
    }

    /// Records checkpoints that hooks of a reply have written.
    mutating func saved(_ reply: WireReply, now: Int64) -> [MasterAction] {
        reply.saved.flatMap { checkpoint -> [MasterAction] in
            lastSaved = Int(clamping: checkpoint.step)
            let record = filled(WireCheckpointRecord()) {
                $0.timeNs = now
                $0.step = checkpoint.step
                $0.role = checkpoint.role
                $0.path = checkpoint.path
                $0.bytes = checkpoint.bytes
            }
            return [.checkpoint(record), .log(.info, Story.save(checkpoint))]
        }
    }

    /// Ends the step when every call has ended and every reply is in. Where calls are left and nothing is under way,
    /// the fetch before brought too little for them.
    mutating func continueStep(now: Int64) throws -> [MasterAction] {
        guard let step = run, ledger.isIdle else { return [] }
        guard step.executor.isFinished else { return try fetch(step: step.number, now: now) }
        run = nil
        done = step.number
        if step.flags.evaluates {
            let isCarried = step.metrics.contains { $0.name.hasPrefix("eval/") }
            if isCarried { lastEvaluated = done } else { wishes.evaluate = true }
        }
        let seconds = Double(max(1, now - step.start)) / 1e9
        let metrics =
            step.metrics + [
                Metric(.stepSeconds, seconds), Metric(.tokensPerSecond, Double(step.tokens) / seconds),
                Metric(.bufferSize, Double(buffer.size)),
            ]
        let clearing = clear(step.freed, now: now)
        let story = summary(of: step, metrics, now: now) + evaluated(metrics, step: done)
        return [.metrics(step: UInt64(done), metrics)] + story + clearing + (try continueBetweenSteps(now: now))
    }

    /// Tells every worker to drop items that have left the graph.
    private mutating func clear(_ ids: [SequenceID], now: Int64) -> [MasterAction] {
        guard !ids.isEmpty else { return [] }
        tracker.remove(ids)
        return plan.modelWorkers.indices.map { worker in
            var clear = request(
                .clearDataCache, to: worker, handler: WorkerID(.model, worker).description, step: done, now: now)
            clear.ids = ids
            return .send(worker: worker, clear)
        }
    }

    private func record(_ event: BufferEventKind, mfc: MFCName = "", count: Int, now: Int64) -> MasterAction {
        .buffer(
            buffer.record(
                event, mfc: mfc, count: count, step: UInt64(run?.number ?? done), time: now, version: weightVersion))
    }
}

extension InterfaceType {
    /// The request that runs it.
    var handle: RequestHandle {
        switch self {
        case .generate: .generate
        case .inference: .inference
        case .trainStep: .trainStep
        case .evaluate: .evaluate
        }
    }
}
