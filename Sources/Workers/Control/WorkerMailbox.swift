package import Protocol
import Synchronization

/// A bounded queue from one thread to another that waits in `Poller`.
package final class WorkerMailbox<Message: Sendable>: Sendable {
    /// A person sends a handful of commands; more than this is a broken peer, and the newest are refused.
    package static var limit: Int { 4096 }

    private let queue = Mutex<[Message]>([])
    private let wakeUp: WakeUp

    package init() throws { wakeUp = try WakeUp() }

    /// Adds a message and wakes the receiver; false where the queue is full.
    @discardableResult
    package func post(_ message: Message) -> Bool {
        let isTaken = queue.withLock { queue in
            guard queue.count < Self.limit else { return false }
            queue.append(message)
            return true
        }
        wakeUp.signal()
        return isTaken
    }

    /// Everything that has come, in order.
    package func take() -> [Message] {
        wakeUp.drain()
        return queue.withLock { queue in
            defer { queue = [] }
            return queue
        }
    }

    package var pollItem: PollItem { wakeUp.pollItem }
}
