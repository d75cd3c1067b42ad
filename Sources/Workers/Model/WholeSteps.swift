import Compute
import Protocol
import Synchronization

/// The newest whole step of every role that trains on this worker, ready to be saved from another thread while the
/// worker's own computes the next one.
///
/// Weights and moments change in moments only, at the end of a batch. Until the next such moment they are those of a whole
/// step; from it on to the step's end they are of none. Whoever saves holds the lock, and a change waits for it.
package final class WholeSteps: Sendable {
    private enum Standing {
        /// The content is nil where only the worker's thread can make it: adapters are merged by its thread pool.
        case whole(step: UInt64, CheckpointContent?)
        case changing
    }

    private struct State {
        var checkpoints = ""
        var roles: [ModelRole: Standing] = [:]
        /// Somebody waits for a step that could not be saved beside the training.
        var isWanted = false
        var saver: OwnThread?
    }

    // SAFETY: the arenas that a content refers to are written only after `changes`, which takes the lock, has marked them
    // as changing; a saver reads them only while it holds the lock and they are marked as whole.
    private struct Box: @unchecked Sendable { var state = State() }

    private let box = Mutex(Box())
    private let report: @Sendable (SaveOutcome) -> Void

    /// - Parameter report: gets the outcome of each request, from whichever thread has it.
    package init(report: @escaping @Sendable (SaveOutcome) -> Void = { _ in }) { self.report = report }

    /// Where the trial's checkpoints lie; before it is known nothing is saved.
    package func setCheckpoints(_ path: String) { box.withLock { $0.state.checkpoints = path } }

    // MARK: - The worker's thread

    /// Forgets everything: another setup begins.
    func clear() { box.withLock { $0.state.roles = [:] } }

    /// The weights of `role` are about to change; waits for a save under way.
    func changes(_ role: ModelRole) {
        box.withLock { box in if box.state.roles[role] != nil { box.state.roles[role] = .changing } }
    }

    /// A train step of `role` is done.
    func finished(_ role: ModelRole, step: UInt64, content: CheckpointContent?) {
        // SAFETY: see Box; the content leaves the worker's thread in it only.
        let standing = Box(state: State(roles: [role: .whole(step: step, content)]))
        box.withLock { box in box.state.roles.merge(standing.state.roles) { _, new in new } }
    }

    /// Runs a save of the worker's own, which no other may cross.
    func alone<Result>(_ body: () throws -> Result) rethrows -> Result { try box.withLock { _ in try body() } }

    /// The steps that somebody waits for and that only the worker's thread can save, with their folders.
    func takeWanted() -> [(role: ModelRole, step: UInt64, folder: String)] {
        box.withLock { box in
            guard box.state.isWanted else { return [] }
            let steps = box.state.roles.compactMap { role, standing -> (ModelRole, UInt64, String)? in
                guard case .whole(let step, _) = standing else { return nil }
                return (role, step, "\(box.state.checkpoints)/\(role)")
            }
            guard steps.count == box.state.roles.count else { return [] }
            box.state.isWanted = false
            return steps
        }
    }

    /// Tells whoever waits what came of it.
    func tell(_ outcome: SaveOutcome) { report(outcome) }

    // MARK: - Other threads

    /// Saves what is whole on a thread of its own; what is not is left to the worker's thread, at the end of its step.
    package func saveInBackground() throws {
        let thread = try OwnThread(name: "save") { [self] in if let outcome = save() { report(outcome) } }
        let earlier = box.withLock { box in
            defer { box.state.saver = thread }
            return box.state.saver
        }
        earlier?.join()
    }

    /// Waits for a save under way; a process that leaves would cut it off.
    package func join() { box.withLock { $0.state.saver }?.join() }

    /// Saves what is whole here and now; nil where the worker's thread has to do it.
    func save() -> SaveOutcome? {
        box.withLock { box in
            var newest: UInt64 = 0
            for (role, standing) in box.state.roles.sorted(by: { $0.key.description < $1.key.description }) {
                guard case .whole(let step, let content) = standing else {
                    box.state.isWanted = true
                    return nil
                }
                newest = max(newest, step)
                let folder = "\(box.state.checkpoints)/\(role)"
                if CheckpointOnDisk.isWhole("\(CheckpointPath(folder: folder, step: Int(clamping: step)))") { continue }
                guard let content else {
                    box.state.isWanted = true
                    return nil
                }
                do {
                    try CheckpointFolder(path: folder).save(content)
                } catch {
                    return .failed(describe(error))
                }
            }
            return .saved(step: newest)
        }
    }
}
