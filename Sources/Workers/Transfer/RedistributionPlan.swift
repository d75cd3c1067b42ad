package import Protocol

/// Who sends which keys of which items to whom before a model function call can run.
package struct RedistributionPlan: Sendable, Equatable {
    package struct Step: Sendable, Equatable {
        package let from: Int
        package let to: Int
        package let ids: [SequenceID]
        package let keys: [SequenceKey]

        package init(from: Int, to: Int, ids: [SequenceID], keys: [SequenceKey]) {
            self.from = from
            self.to = to
            self.ids = ids
            self.keys = keys
        }
    }

    package let steps: [Step]

    package init(steps: [Step]) { self.steps = steps }

    /// Workers that take part, in order.
    package var workers: [Int] { Set(steps.flatMap { [$0.from, $0.to] }).sorted() }

    /// The plan as something to be done once; `id` is unique in the trial.
    package func transfer(id: String) -> DataTransfer { DataTransfer(id: id, plan: self) }
}

/// One execution of a redistribution plan, which all its workers know by the same id.
package struct DataTransfer: Sendable, Equatable {
    package let id: String
    package let plan: RedistributionPlan
}

/// Derives redistribution plans from where data is and where it is needed.
package enum Redistributor {
    /// What one worker needs.
    package struct Need: Sendable, Equatable {
        package let worker: Int
        package let ids: [SequenceID]
        package let keys: [SequenceKey]

        package init(worker: Int, ids: [SequenceID], keys: [SequenceKey]) {
            self.worker = worker
            self.ids = ids
            self.keys = keys
        }
    }

    private struct Route: Hashable {
        let from: Int
        let to: Int
        let key: SequenceKey
    }

    /// The plan that brings every need to its worker. Nothing is sent that is already there; of several holders the one
    /// with the least to send so far is asked, the lowest index of equals.
    /// - Throws: `WorkerError` naming an item and key that nobody holds.
    package static func plan(_ needs: [Need], from tracker: StorageTracker) throws -> RedistributionPlan {
        var load: [Int: Int] = [:], idsByRoute: [Route: [SequenceID]] = [:], routes: [Route] = []
        for need in needs {
            for key in need.keys.sorted() {
                for id in need.ids {
                    if tracker.has(key, of: id, on: need.worker) { continue }
                    let holders = tracker.holders(of: key, of: id)
                    guard let source = holders.min(by: { (load[$0, default: 0], $0) < (load[$1, default: 0], $1) })
                    else {
                        throw WorkerError(.storage, "no worker holds key '\(key)' of item '\(id)'")
                    }
                    load[source, default: 0] += 1
                    let route = Route(from: source, to: need.worker, key: key)
                    if idsByRoute[route] == nil { routes.append(route) }
                    idsByRoute[route, default: []].append(id)
                }
            }
        }
        return RedistributionPlan(steps: merged(routes, idsByRoute))
    }

    /// Keys that go the same way for the same items travel in one step.
    private static func merged(_ routes: [Route], _ ids: [Route: [SequenceID]]) -> [RedistributionPlan.Step] {
        var steps: [RedistributionPlan.Step] = []
        for route in routes {
            let items = ids[route] ?? []
            let same = steps.firstIndex { $0.from == route.from && $0.to == route.to && $0.ids == items }
            if let same {
                steps[same] = .init(from: route.from, to: route.to, ids: items, keys: steps[same].keys + [route.key])
            } else {
                steps.append(.init(from: route.from, to: route.to, ids: items, keys: [route.key]))
            }
        }
        return steps
    }
}
