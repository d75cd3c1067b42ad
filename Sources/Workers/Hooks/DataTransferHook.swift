import Logging
package import Protocol

/// Waits for the data that a redistribution plan brings to this worker.
///
/// Sending its own part is done before any hook of the same flush waits (`ModelExecutor.sendTransfers`): two workers
/// that each wait for the other's data would else wait for ever.
package struct DataTransferHook: RequestHook {
    package static let kind = HookKind.dataTransfer

    package init() {}

    package func run(
        _ hook: WireHookRequest, for request: WireRequest, on site: any HookSite, reply: inout WireReply
    ) throws {
        guard let dataManager = site.dataManager else { return }
        let refusedBefore = dataManager.refusedMessages
        try dataManager.receive(hook.transfer, into: site.storage)
        let refused = dataManager.refusedMessages - refusedBefore
        if refused > 0 {
            site.logger.warning(
                "\(refused) messages on the data plane were refused; the last: \(dataManager.lastRefusal)")
        }
    }
}
