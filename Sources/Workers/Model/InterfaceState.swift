import Foundation
import Protocol

/// What an interface learns beside the weights of the model it works on: checkpoints keep it, and a trial that goes on
/// has it again.
package protocol InterfaceState: Sendable, Codable {
    /// Its name in a checkpoint, unique among the states of a model.
    static var name: String { get }
}

extension WorkerModel {
    /// The state as it was kept last, here or by the trial whose checkpoint this model goes on from.
    /// - Parameter initial: what it is before anything was kept.
    /// - Throws: `WorkerError` where a checkpoint holds something else under its name.
    package func state<State: InterfaceState>(or initial: State) throws -> State {
        guard let text = states[State.name] else { return initial }
        do {
            return try JSONDecoder().decode(State.self, from: Data(text.utf8))
        } catch {
            throw WorkerError(
                .plan, "the checkpoint of model '\(self.name)' holds a '\(State.name)' that cannot be read: \(text)",
                hint: "it was made by another version of this program, or damaged: go on from an older one")
        }
    }

    /// Remembers the state for the next call and for every checkpoint from now on.
    package func keep(_ state: some InterfaceState) throws {
        states[type(of: state).name] = String(decoding: try JSONEncoder().encode(state), as: UTF8.self)
    }
}
