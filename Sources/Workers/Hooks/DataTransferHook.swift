import Logging
package import Protocol

/// Brings this worker the data of a redistribution plan, and takes from it what others are to have.
package struct DataTransferHook: RequestHook {
    package static let kind = HookKind.dataTransfer

    package let transfer: DataTransfer

    package init(_ transfer: DataTransfer) { self.transfer = transfer }

    package init(_ wire: WireHookRequest) {
        let steps = wire.transfer.steps.map { step in
            RedistributionPlan.Step(
                from: Int(step.fromWorker), to: Int(step.toWorker), ids: step.ids,
                keys: step.keys.map(SequenceKey.init(_:)))
        }
        transfer = RedistributionPlan(steps: steps).transfer(id: wire.transfer.transferID)
    }

    package func write(to wire: inout WireHookRequest) {
        wire.transfer.transferID = transfer.id
        wire.transfer.steps = transfer.plan.steps.map { step in
            filled(WireTransferStep()) {
                $0.fromWorker = UInt32(step.from)
                $0.toWorker = UInt32(step.to)
                $0.ids = step.ids
                $0.keys = step.keys.map(\.description)
            }
        }
    }

    /// Two workers that each wait for the other's data would wait for ever, so all sending comes first.
    package func prepare(at site: any HookSite) throws {
        try site.dataManager?.send(transfer, from: site.storage)
    }

    package func run(at site: any HookSite) throws -> [SavedCheckpoint] {
        guard let dataManager = site.dataManager else { return [] }
        let refusedBefore = dataManager.refusedMessages
        try dataManager.receive(transfer, into: site.storage)
        let refused = dataManager.refusedMessages - refusedBefore
        if refused > 0 {
            site.logger.warning(
                "\(refused) messages on the data plane were refused; the last: \(dataManager.lastRefusal)")
        }
        return []
    }
}
