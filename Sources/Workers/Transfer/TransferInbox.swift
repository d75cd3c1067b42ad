package import Protocol

/// Tensor messages that have come in, by the plan step they answer. Pure: decides what a waiting transfer lacks.
package struct TransferInbox: Sendable {
    /// One step of one transfer.
    package struct Slot: Hashable, Sendable, Comparable {
        package let transfer: String
        package let step: Int

        package init(transfer: String, step: Int) {
            self.transfer = transfer
            self.step = step
        }

        package static func < (left: Slot, right: Slot) -> Bool {
            (left.transfer, left.step) < (right.transfer, right.step)
        }
    }

    private var arrived: [Slot: SequenceSample] = [:]

    package init() {}

    /// Keeps a sample until somebody asks for it; peers may be ahead of this worker.
    package mutating func receive(_ sample: SequenceSample, for slot: Slot) { arrived[slot] = sample }

    /// Which of the `expected` slots have not come.
    package func missing(_ expected: [Slot]) -> [Slot] { expected.filter { arrived[$0] == nil } }

    /// Takes out the sample of a slot.
    package mutating func take(_ slot: Slot) -> SequenceSample? { arrived.removeValue(forKey: slot) }

    package var count: Int { arrived.count }
}
