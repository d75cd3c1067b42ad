import Synchronization

/// What several threads did, in the order they did it.
final class Order: Sendable {
    private let done = Mutex<[String]>([])

    var steps: [String] { done.withLock { $0 } }

    func add(_ step: String) { done.withLock { $0.append(step) } }
}
