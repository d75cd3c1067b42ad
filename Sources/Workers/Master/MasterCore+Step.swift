import Protocol

/// One step: load data, run the calls as their data allows, then account for it.
extension MasterCore {
    mutating func beginStep(_ number: Int, of setup: OpenSetup, now: Int64) throws -> [MasterAction] {
        var setup = setup
        var run = StepRun(
            number: number, flags: setup.schedule.advance(), start: now, executor: FunctionExecutor(setup.graph))
        var actions: [MasterAction] = [.working(mfc: "", step: UInt64(number))]
        if setup.buffer.size < setup.graph.largestBatch { actions += try fetch(setup, run) }
        actions += try dispatch(&setup, &run, now: now)
        return actions + (try continueStep(setup, run, now: now))
    }

    private mutating func fetch(_ setup: OpenSetup, _ run: StepRun) throws -> [MasterAction] {
        let fetch = Outgoing(worker: try setup.dataWorker(), purpose: .fetch, body: .fetch)
        return issue([fetch], of: setup, step: run.number)
    }

    mutating func fetched(
        _ items: FetchedItems, by worker: Int, _ setup: OpenSetup, _ run: StepRun, now: Int64
    ) throws -> [MasterAction] {
        var setup = setup, run = run
        let sample = items.sample
        guard sample.count > 0 else { throw WorkerError(.message, "a fetch brought no item") }
        try setup.buffer.put(sample, births: items.births)
        setup.tracker.add(worker: worker, ids: sample.ids, keys: sample.keys)
        var actions = [record(.put, count: sample.count, setup, run, now: now)]
        actions += try dispatch(&setup, &run, now: now)
        return actions + (try continueStep(setup, run, now: now))
    }

    /// Sends out every call whose batch is there, and flushes the workers that got something.
    private mutating func dispatch(
        _ setup: inout OpenSetup, _ run: inout StepRun, now: Int64
    ) throws -> [MasterAction] {
        let ready = try run.executor.dispatch(from: &setup.buffer)
        guard !ready.isEmpty else { return [] }
        var actions: [MasterAction] = [], outgoing: [Outgoing] = []
        for item in ready {
            actions.append(record(.get, mfc: item.call.name, count: item.batch.ids.count, setup, run, now: now))
            actions.append(.working(mfc: item.call.name, step: UInt64(run.number)))
            outgoing += try requests(for: item, &setup, run)
            if item.call.interfaceType == .trainStep { run.tokens += item.batch.sample.tokensPerItem.reduce(0, +) }
        }
        return actions + issue(outgoing, of: setup, step: run.number)
    }

    /// The request of a call, and one for each other worker that must send data for it.
    private mutating func requests(
        for item: FunctionExecutor.Dispatch, _ setup: inout OpenSetup, _ run: StepRun
    ) throws -> [Outgoing] {
        let call = item.call, head = try setup.placement.head(of: call.model)
        let plan = try Redistributor.plan(
            [.init(worker: head.worker, ids: item.batch.ids, keys: call.inputKeys)], from: setup.tracker)
        setup.tracker.expect(worker: head.worker, ids: item.batch.ids, keys: call.inputKeys)
        var transfer: [any RequestHook] = []
        if !plan.steps.isEmpty {
            transfers += 1
            transfer = [DataTransferHook(plan.transfer(id: "\(settings.attempt)-\(transfers)"))]
        }
        var save: [any RequestHook] = []
        if call.interfaceType == .trainStep, run.flags.saves {
            save = [saving(call.model.role, step: run.number)]
        }
        let main = CallRequest(call, ids: item.batch.ids, preHooks: transfer, postHooks: save)
        var outgoing = [Outgoing(worker: head.worker, purpose: .call(call.name), body: .call(main))]
        for worker in plan.workers where worker != head.worker {
            outgoing.append(
                Outgoing(
                    worker: worker, purpose: .side(call.name), body: .side(call.name, preHooks: transfer)))
        }
        return outgoing
    }

    func saving(_ role: ModelRole, step: Int) -> SaveHook {
        SaveHook(role: role, folder: settings.folder(of: role), step: UInt64(step))
    }

    /// What a worker said to a call.
    struct Answer {
        let outcome: CallOutcome
        let worker: Int
        let times: [PhaseTime]

        init(_ outcome: CallOutcome, _ reply: Reply) {
            self.outcome = outcome
            worker = reply.worker
            times = reply.times
        }
    }

    mutating func ended(
        _ name: MFCName, _ answer: Answer, _ setup: OpenSetup, _ run: StepRun, now: Int64
    ) throws -> [MasterAction] {
        var setup = setup, run = run
        guard let call = setup.graph[name], let batch = run.executor.ended(name) else {
            throw WorkerError(.message, "a reply came for '\(name)', which was not running")
        }
        let worker = try setup.placement.head(of: call.model).worker, role = call.model.role
        let version = answer.outcome.weightVersion
        if call.interfaceType == .trainStep { versions[role] = version }
        setup.tracker.add(worker: worker, ids: batch.ids, keys: call.inputKeys)
        var actions: [MasterAction] = []
        if let sample = answer.outcome.outputs {
            guard sample.ids == batch.ids else {
                throw WorkerError(.message, "'\(name)' was given other items than it replied with")
            }
            let weights = call.interfaceType == .generate ? ModelWeights(role, version) : nil
            try setup.buffer.amend(batch.slots, with: sample, generatedBy: weights)
            setup.tracker.add(worker: worker, ids: sample.ids, keys: sample.keys)
            actions.append(record(.amend, mfc: name, count: sample.count, setup, run, now: now))
        }
        let freed = setup.buffer.finishReading(batch.slots)
        if !freed.isEmpty { actions.append(record(.free, mfc: name, count: freed.count, setup, run, now: now)) }
        run.freed += freed
        run.metrics += answer.outcome.statistics + times(of: call, name, answer.times)
        if call.interfaceType == .trainStep, run.flags.evaluates, setup.plan.evaluation?.model == call.model {
            actions += issue(try evaluation(of: setup, after: run.number), of: setup, step: run.number)
        }
        actions += try dispatch(&setup, &run, now: now)
        return actions + (try continueStep(setup, run, now: now))
    }

    func times(of call: ModelFunctionCall?, _ name: MFCName, _ times: [PhaseTime]) -> [Metric] {
        let prefix = call.map { "\($0.model.role)_\($0.interfaceType.rawValue)" } ?? name
        return times.map { Metric("timeperf/\(prefix)/\($0.phase)", $0.seconds) }
    }

    /// Records checkpoints that hooks of a reply have written.
    mutating func saved(_ reply: Reply, now: Int64) -> [MasterAction] {
        reply.saved.flatMap { checkpoint -> [MasterAction] in
            lastSaved = Int(clamping: checkpoint.step)
            let record = filled(WireCheckpointRecord()) {
                $0.timeNs = now
                $0.step = checkpoint.step
                $0.role = checkpoint.role.description
                $0.path = settings.nameInTrial(checkpoint.path)
                $0.bytes = checkpoint.bytes
            }
            return [.checkpoint(record), .log(.info, Story.save(checkpoint))]
        }
    }

    /// Ends the step when every call has ended and every reply is in. Where calls are left and nothing is under way,
    /// the fetch before brought too little for them.
    mutating func continueStep(_ setup: OpenSetup, _ run: StepRun, now: Int64) throws -> [MasterAction] {
        guard ledger.isIdle, run.executor.isFinished else {
            let actions = ledger.isIdle ? try fetch(setup, run) : []
            state = .stepping(setup, run)
            return actions
        }
        done = run.number
        if run.flags.evaluates { wishes.evaluate = true }
        let seconds = Double(max(1, now - run.start)) / 1e9
        let metrics =
            run.metrics + [
                Metric(.stepSeconds, seconds), Metric(.tokensPerSecond, Double(run.tokens) / seconds),
                Metric(.bufferSize, Double(setup.buffer.size)),
            ]
        var setup = setup
        setup.tracker.remove(run.freed)
        let clearing = run.freed.isEmpty ? [] : tellAll(.clear(run.freed), setup: setup.index)
        let summary = summary(of: run, in: setup, metrics, now: now)
        return [.metrics(step: UInt64(done), metrics)] + summary + clearing + (try continueBetween(setup, now: now))
    }

    private func record(
        _ event: BufferEventKind, mfc: MFCName = "", count: Int, _ setup: OpenSetup, _ run: StepRun, now: Int64
    ) -> MasterAction {
        .buffer(
            setup.buffer.record(
                event, mfc: mfc, count: count, step: UInt64(run.number), time: now, versions: versions))
    }
}
