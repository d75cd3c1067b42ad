import Protocol
import Testing

@testable import Orchestrator

@Suite struct `Orders that cannot be handed over` {
    private let worker = WorkerID(.model, 0)

    @Test func `arrive later in the order they were given, and are spoken of once`() {
        var owed = OwedOrders(), isConnected = false, arrived: [String] = [], reports: [String] = []
        func send(_ message: WorkerDesk.Message, _ worker: WorkerID) -> String? {
            if !isConnected { return "it is not connected" }
            arrived.append("\(worker) \(message.name)")
            return nil
        }
        owed.give(.order(.saveNow), to: worker, by: send)
        owed.tryAgain(by: send) { reports.append($0) }
        owed.tryAgain(by: send) { reports.append($0) }
        isConnected = true
        owed.give(.order(.exit), to: worker, by: send)
        #expect(arrived.isEmpty)
        owed.tryAgain(by: send) { reports.append($0) }
        #expect(arrived == ["model_worker/0 save_now", "model_worker/0 exit"])
        #expect(reports == ["model_worker/0 cannot be told to save_now yet: it is not connected"])
        owed.give(.order(.pause), to: worker, by: send)
        #expect(arrived.last == "model_worker/0 pause")
    }

    @Test func `are forgotten with their worker`() {
        var owed = OwedOrders(), reports: [String] = []
        owed.give(.order(.exit), to: worker) { _, _ in "it is not connected" }
        owed.forget(worker)
        owed.tryAgain(by: { _, _ in "it is not connected" }, report: { reports.append($0) })
        #expect(reports.isEmpty)
    }
}
