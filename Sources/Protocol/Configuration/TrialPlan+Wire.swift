import SwiftProtobuf

/// How plans look on the wire (`plan.proto`); models and calls have files of their own.
extension TrialPlan {
    /// - Throws: `WireError` with the place of what is missing, unknown or out of range.
    package init(_ wire: WireTrialPlan) throws {
        let place = PlanPlace.plan
        self.init(
            id: try TrialID(wire, at: place), seed: wire.seed,
            modelWorkers: try wire.modelWorkers.enumerated().map { index, worker in
                let place = place["model_workers", index]["threads"]
                return ModelWorkerPlan(
                    threads: try place.count(worker.threads, atMost: Self.mostThreads),
                    group: worker.group.isEmpty ? ModelWorkerPlan.trialGroup : worker.group)
            },
            setups: try wire.setups.enumerated().map { index, setup in
                try SetupPlan(setup, workers: wire.modelWorkers.count, at: place["setups", index])
            })
        try refuseModelsOutsideTheTrialsGroup()
    }

    /// The master waits for the answers of those it calls, so they must begin again with it.
    private func refuseModelsOutsideTheTrialsGroup() throws {
        for (number, setup) in setups.enumerated() {
            for (index, model) in setup.models.enumerated() {
                let group = modelWorkers[model.worker].group
                guard group != ModelWorkerPlan.trialGroup else { continue }
                throw PlanPlace.plan["setups", number]["models", index]["worker"].refusal(
                    "\(model.worker)", "that worker is of the group '\(group)', which begins again by itself")
            }
        }
    }

    /// More than any machine has cores; a worker starts as many as it is told to.
    private static let mostThreads = 4096

    /// What `init(_:)` reads. A count that no plan has becomes the nearest that the wire can say.
    package var wire: WireTrialPlan {
        .with {
            $0.experiment = id.experiment.description
            $0.trial = id.trial.description
            $0.seed = seed
            $0.modelWorkers = modelWorkers.map { worker in
                .with {
                    $0.threads = Int32(counted: worker.threads)
                    if worker.group != ModelWorkerPlan.trialGroup { $0.group = worker.group }
                }
            }
            $0.setups = setups.map(\.wire)
        }
    }
}

extension TrialID {
    fileprivate init(_ wire: WireTrialPlan, at place: PlanPlace) throws {
        let experiment = try place["experiment"].text(wire.experiment), trial = try place["trial"].text(wire.trial)
        do {
            self.init(experiment: try ExperimentName(experiment), trial: try TrialName(trial))
        } catch {
            throw WireError(.shape, "the plan's \(error.summary)")
        }
    }
}

extension SetupPlan {
    /// - Parameter workers: how many model workers the trial has.
    fileprivate init(_ wire: WireSetupPlan, workers: Int, at place: PlanPlace) throws {
        guard wire.hasDataset else { throw place["dataset"].isMissing }
        self.init(
            name: try place["name"].text(wire.name), steps: try place["steps"].count(wire.steps),
            models: try wire.models.enumerated().map { index, model in
                try ModelPlan(model, workers: workers, at: place["models", index])
            },
            calls: try wire.calls.enumerated().map { index, call in
                try ModelFunctionCall(call, at: place["calls", index])
            },
            dataset: try DatasetPlan(wire.dataset, at: place["dataset"]),
            evaluation: wire.hasEvaluation ? try EvaluationPlan(wire.evaluation, at: place["evaluation"]) : nil,
            checkpointEverySteps: try place["checkpoint_every_steps"].count(wire.checkpointEverySteps, atLeast: 1))
    }

    fileprivate var wire: WireSetupPlan {
        .with {
            $0.name = name
            $0.steps = Int32(counted: steps)
            $0.models = models.map(\.wire)
            $0.calls = calls.map(\.wire)
            $0.dataset = dataset.wire
            if let evaluation { $0.evaluation = evaluation.wire }
            $0.checkpointEverySteps = Int32(counted: checkpointEverySteps)
        }
    }
}

extension DatasetPlan {
    fileprivate init(_ wire: WireDatasetPlan, at place: PlanPlace) throws {
        self.init(
            type: try place["type"].text(wire.type), path: try place["path"].text(wire.path),
            maximumLength: try place["maximum_length"].count(wire.maximumLength),
            badRow: try place["bad_row"].word(wire.badRow),
            badRowLimit: try place["bad_row_limit"].share(wire.badRowLimit))
        if wire.hasFingerprint { fingerprint = try FileFingerprint(wire.fingerprint, at: place["fingerprint"]) }
    }

    fileprivate var wire: WireDatasetPlan {
        .with {
            $0.type = type
            $0.path = path
            $0.maximumLength = Int32(counted: maximumLength)
            $0.badRow = badRow.rawValue
            $0.badRowLimit = badRowLimit
            if let fingerprint { $0.fingerprint = fingerprint.wire }
        }
    }
}

extension FileFingerprint {
    fileprivate init(_ wire: WireFileFingerprint, at place: PlanPlace) throws {
        guard wire.bytes >= 0 else { throw place["bytes"].refusal("\(wire.bytes)", "it must be at least 0") }
        self.init(bytes: Int(wire.bytes), crc32: wire.crc32)
    }

    fileprivate var wire: WireFileFingerprint {
        .with {
            $0.bytes = Int64(bytes)
            $0.crc32 = crc32
        }
    }
}

extension EvaluationPlan {
    fileprivate init(_ wire: WireEvaluationPlan, at place: PlanPlace) throws {
        guard wire.hasInterface else { throw place["interface"].isMissing }
        guard wire.hasDataset else { throw place["dataset"].isMissing }
        self.init(
            model: try ModelName(role: wire.role, replica: wire.replica, at: place),
            interface: try InterfaceReference(wire.interface, at: place["interface"]),
            dataset: try DatasetPlan(wire.dataset, at: place["dataset"]),
            rows: try place["rows"].count(wire.rows, atLeast: 1),
            everySteps: try place["every_steps"].count(wire.everySteps, atLeast: 1))
    }

    fileprivate var wire: WireEvaluationPlan {
        .with {
            $0.role = model.role.description
            $0.replica = Int32(counted: model.replica)
            $0.interface = interface.wire
            $0.dataset = dataset.wire
            $0.rows = Int32(counted: rows)
            $0.everySteps = Int32(counted: everySteps)
        }
    }
}
