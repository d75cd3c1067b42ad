package import Protocol

/// A buffer that has no room: the graph takes fewer items than the dataset brings.
package struct BufferFull: UserFacingError, Equatable {
    package let capacity: Int
    package let size: Int
    package let added: Int

    package var summary: String {
        "the sequence buffer holds \(size) of \(capacity) items and cannot take \(added) more"
    }
}

/// What one model function call got from the buffer.
package struct BufferBatch: Sendable, Equatable {
    package let slots: [Int]
    /// Metadata of the call's input keys.
    package let sample: SequenceSample

    package var ids: [SequenceID] { sample.ids }
}

/// Weights of a role at one time.
package struct ModelWeights: Sendable, Equatable {
    package let role: ModelRole
    package let version: WeightVersion

    package init(_ role: ModelRole, _ version: WeightVersion) {
        self.role = role
        self.version = version
    }
}

/// The master's buffer of item metadata: which items exist, which keys they have, which calls have used them.
///
/// Everything happens between two events of one loop, so the transitional states "being put" and "being amended" of a
/// buffer shared by tasks cannot be observed and do not exist here. What lasts is kept: an item is read from `take`
/// until `finishReading`, and its slot is free when every call has used it and nobody reads it.
package struct SequenceBuffer: Sendable {
    private struct Slot {
        var sample: SequenceSample
        var birth: Int64
        /// Calls that have not used the item yet.
        var open: Set<MFCName>
        var readers = 0
        /// The weights that generated it, once something did.
        var weights: ModelWeights?
    }

    private var slots: [Slot?]
    private var occupied = 0
    private let inputs: [MFCName: Set<SequenceKey>]
    private let batchSizes: [MFCName: Int]

    /// A buffer for the calls of one graph.
    package init(graph: DataflowGraph, capacity: Int) {
        slots = Array(repeating: nil, count: capacity)
        inputs = Dictionary(uniqueKeysWithValues: graph.calls.map { ($0.name, Set($0.inputKeys)) })
        batchSizes = Dictionary(uniqueKeysWithValues: graph.calls.map { ($0.name, $0.sequences) })
    }

    package var capacity: Int { slots.count }
    /// Items in the buffer.
    package var size: Int { occupied }
    /// Items that some call reads now.
    package var beingRead: Int { slots.count { ($0?.readers ?? 0) > 0 } }
    /// Ids of all items, oldest first.
    package var ids: [SequenceID] { slots.compactMap(\.self).sorted { $0.birth < $1.birth }.flatMap(\.sample.ids) }

    /// Adds items in the lowest empty slots; all of them or, where there is no room, none.
    /// - Parameter births: one an item; older items are used first.
    @discardableResult
    package mutating func put(_ sample: SequenceSample, births: [Int64]) throws -> [Int] {
        let empty = slots.indices.filter { slots[$0] == nil }.prefix(sample.count)
        guard empty.count == sample.count else {
            throw BufferFull(capacity: capacity, size: occupied, added: sample.count)
        }
        guard births.count == sample.count else {
            throw WorkerError(.message, "\(sample.count) items came with \(births.count) birth times")
        }
        for (offset, item) in try sample.metadata.unpacked().enumerated() {
            slots[empty[offset]] = Slot(sample: item, birth: births[offset], open: Set(inputs.keys))
        }
        occupied += sample.count
        return Array(empty)
    }

    /// Adds keys to items: the outputs of a call that took them.
    /// - Parameter weights: given where the call generated the items.
    package mutating func amend(
        _ indices: [Int], with sample: SequenceSample, generatedBy weights: ModelWeights? = nil
    ) throws {
        let items = try sample.metadata.unpacked()
        guard items.count == indices.count else {
            throw WorkerError(.message, "\(items.count) items cannot amend \(indices.count) slots")
        }
        for (index, item) in zip(indices, items) {
            guard var slot = slots[index] else {
                throw WorkerError(.message, "slot \(index) was freed before it was amended")
            }
            slot.sample = try slot.sample.merging(item)
            if let weights { slot.weights = weights }
            slots[index] = slot
        }
    }

    /// Gives a call its batch, oldest items first, and marks them read; nil while too few are ready.
    package mutating func take(_ call: MFCName) throws -> BufferBatch? {
        guard let wanted = batchSizes[call], let keys = inputs[call] else { return nil }
        let ready = readySlots(for: call)
        guard ready.count >= wanted else { return nil }
        let chosen = ready.sorted { left, right in
            (slots[left]?.birth ?? 0, left) < (slots[right]?.birth ?? 0, right)
        }.prefix(wanted)
        var items: [SequenceSample] = []
        for index in chosen {
            guard var slot = slots[index] else { continue }
            slot.open.remove(call)
            slot.readers += 1
            slots[index] = slot
            items.append(try slot.sample.selecting(keys.sorted()))
        }
        return BufferBatch(slots: Array(chosen), sample: try .gathered(items))
    }

    /// A call has ended: what it took is no longer read, and what every call has used is freed.
    /// - Returns: the ids that left the buffer.
    @discardableResult
    package mutating func finishReading(_ indices: [Int]) -> [SequenceID] {
        var freed: [SequenceID] = []
        for index in indices {
            guard var slot = slots[index] else { continue }
            slot.readers -= 1
            if slot.readers == 0, slot.open.isEmpty {
                freed += slot.sample.ids
                slots[index] = nil
                occupied -= 1
            } else {
                slots[index] = slot
            }
        }
        return freed
    }

    private func readySlots(for call: MFCName) -> [Int] {
        guard let keys = inputs[call] else { return [] }
        return slots.indices.filter { index in
            guard let slot = slots[index], slot.open.contains(call) else { return false }
            return keys.isSubset(of: slot.sample.keys)
        }
    }
}

// MARK: - What a panel shows

extension SequenceBuffer {
    /// Items each call could take now.
    package var readyCounts: [MFCName: Int] {
        Dictionary(uniqueKeysWithValues: inputs.keys.map { ($0, readySlots(for: $0).count) })
    }

    /// Versions that are told apart; a panel has no use for more, and a worker's word for a version is not trusted.
    package static let largestLag = 63

    /// Element k counts the items generated k updates of their role ago, the last one also all older ones.
    package func staleness(at versions: [ModelRole: WeightVersion]) -> [Int] {
        var counts: [Int] = []
        for generated in slots.compactMap({ $0?.weights }) {
            let now = versions[generated.role] ?? generated.version
            let passed = now > generated.version ? now.count - generated.version.count : 0
            let lag = Int(min(passed, UInt64(Self.largestLag)))
            while counts.count <= lag { counts.append(0) }
            counts[lag] += 1
        }
        return counts
    }

    /// The record of a change, as telemetry carries it.
    package func record(
        _ event: BufferEventKind, mfc: MFCName = "", count: Int, step: UInt64, time: Int64,
        versions: [ModelRole: WeightVersion]
    ) -> WireBufferRecord {
        filled(WireBufferRecord()) {
            $0.timeNs = time
            $0.step = step
            $0.event = event.rawValue
            $0.mfc = mfc
            $0.count = UInt64(count)
            $0.size = UInt64(size)
            $0.capacity = UInt64(capacity)
            $0.beingRead = UInt64(beingRead)
            $0.ready = readyCounts.mapValues(UInt64.init)
            $0.staleness = staleness(at: versions).map(UInt64.init)
        }
    }
}
