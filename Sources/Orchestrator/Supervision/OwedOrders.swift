import Protocol

/// Messages to workers in the order in which they were given, however long it takes to hand them over: none is lost while
/// its worker lives.
struct OwedOrders {
    private struct Debt {
        var messages: [WorkerDesk.Message]
        var isReported = false
    }

    /// The reason why a message cannot be handed over now; nil when it has been.
    typealias Send = (WorkerDesk.Message, WorkerID) -> String?

    private var debts: [WorkerID: Debt] = [:]

    /// Hands the message over, or keeps it behind those that wait already.
    mutating func give(_ message: WorkerDesk.Message, to worker: WorkerID, by send: Send) {
        if debts[worker] == nil, send(message, worker) == nil { return }
        debts[worker, default: Debt(messages: [])].messages.append(message)
    }

    /// Tries again. `report` hears once of each worker that still cannot be told; who has left by itself is forgotten
    /// before that.
    mutating func tryAgain(by send: Send, report: (String) -> Void) {
        for (worker, debt) in debts.sorted(by: { $0.key < $1.key }) {
            var debt = debt
            while let message = debt.messages.first {
                if let problem = send(message, worker) {
                    if !debt.isReported { report("\(worker) cannot be told to \(message.name) yet: \(problem)") }
                    debt.isReported = true
                    break
                }
                debt.messages.removeFirst()
            }
            debts[worker] = debt.messages.isEmpty ? nil : debt
        }
    }

    /// The worker has ended.
    mutating func forget(_ worker: WorkerID) { debts[worker] = nil }
}
