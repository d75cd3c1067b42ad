import Protocol

/// Orders to workers in the order in which they were given, however long it takes to hand them over: none is lost while
/// its worker lives.
struct OwedOrders {
    private struct Debt {
        var orders: [TrialAction.Order]
        var isReported = false
    }

    /// The reason why an order cannot be handed over now; nil when it has been.
    typealias Send = (TrialAction.Order, WorkerID) -> String?

    private var debts: [WorkerID: Debt] = [:]

    /// Hands the order over, or keeps it behind those that wait already.
    mutating func give(_ order: TrialAction.Order, to worker: WorkerID, by send: Send) {
        if debts[worker] == nil, send(order, worker) == nil { return }
        debts[worker, default: Debt(orders: [])].orders.append(order)
    }

    /// Tries again. `report` hears once of each worker that still cannot be told; who has left by itself is forgotten
    /// before that.
    mutating func tryAgain(by send: Send, report: (String) -> Void) {
        for (worker, debt) in debts.sorted(by: { $0.key < $1.key }) {
            var debt = debt
            while let order = debt.orders.first {
                if let problem = send(order, worker) {
                    if !debt.isReported { report("\(worker) cannot be told to \(order) yet: \(problem)") }
                    debt.isReported = true
                    break
                }
                debt.orders.removeFirst()
            }
            debts[worker] = debt.orders.isEmpty ? nil : debt
        }
    }

    /// The worker has ended.
    mutating func forget(_ worker: WorkerID) { debts[worker] = nil }
}
