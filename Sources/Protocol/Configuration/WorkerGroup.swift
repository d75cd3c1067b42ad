/// Workers that live and die together: the unit of supervision.
package struct WorkerGroup: Sendable, Equatable {
    /// What a death in a group brings down.
    package enum RestartScope: Sendable, Equatable {
        /// The whole attempt: everybody goes on from the newest checkpoint.
        case trial
        /// The group alone, while the rest of the trial goes on.
        case group
    }

    package let name: String
    /// In order, the master first.
    package let workers: [WorkerID]

    package init(name: String, workers: [WorkerID]) {
        self.name = name
        self.workers = workers
    }

    /// Nobody can go on without the master or without what it calls; every other group is mended by itself.
    package var restarts: RestartScope { workers.contains(.master) ? .trial : .group }
}

extension TrialPlan {
    /// The master's group, then the others in the order of their first workers.
    package var groups: [WorkerGroup] {
        var names = [ModelWorkerPlan.trialGroup], members = [ModelWorkerPlan.trialGroup: [WorkerID.master]]
        for (index, worker) in modelWorkers.enumerated() {
            if members[worker.group] == nil { names.append(worker.group) }
            members[worker.group, default: []].append(WorkerID(.model, index))
        }
        return names.map { WorkerGroup(name: $0, workers: members[$0] ?? []) }
    }

    /// Indexes of the model workers that the master calls: those of its own group.
    package var calledWorkers: [Int] {
        modelWorkers.indices.filter { modelWorkers[$0].group == ModelWorkerPlan.trialGroup }
    }

    /// All worker processes of the trial, master first.
    package var workers: [WorkerID] { groups.flatMap(\.workers).sorted() }
}
