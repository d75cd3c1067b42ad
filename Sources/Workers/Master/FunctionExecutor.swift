package import Protocol

/// Runs the model function calls of one step in the order their data allows. Pure: driven by what has ended.
///
/// A call runs until it has used as many items as the largest batch of everything that depends on it; a call that
/// nothing depends on runs once.
package struct FunctionExecutor: Sendable {
    /// A call to be sent out now.
    package struct Dispatch: Sendable, Equatable {
        package let call: ModelFunctionCall
        package let batch: BufferBatch
    }

    private enum Progress: Sendable, Equatable {
        case waiting
        case running(BufferBatch)
        case ended
    }

    private let graph: DataflowGraph
    private let needed: [MFCName: Int]
    private var consumed: [MFCName: Int] = [:]
    private var progress: [MFCName: Progress]

    package init(_ graph: DataflowGraph) {
        self.graph = graph
        progress = Dictionary(uniqueKeysWithValues: graph.calls.map { ($0.name, .waiting) })
        needed = Dictionary(
            uniqueKeysWithValues: graph.calls.map { call in
                let batches = graph.allSuccessors(of: call.name).compactMap { graph[$0]?.sequences }
                return (call.name, batches.max() ?? 0)
            })
    }

    /// Refuses batches that never come out even: each step would leave items behind, until the buffer is full.
    package static func check(_ graph: DataflowGraph) throws {
        let whole = graph.largestBatch
        for call in graph.calls {
            let isLast = graph.children(of: call.name).isEmpty
            if isLast ? call.sequences == whole : whole.isMultiple(of: call.sequences) { continue }
            throw WorkerError(
                .plan,
                "'\(call.name)' takes \(call.sequences) sequences at a time, which leaves some of a step's \(whole)",
                hint: isLast
                    ? "nothing depends on '\(call.name)', so it runs once a step: let it take all \(whole)"
                    : "let it take a number that divides \(whole)")
        }
    }

    package var isFinished: Bool { progress.values.allSatisfy { $0 == .ended } }

    /// Takes a batch for every call that can run now; they are sent together and flushed together.
    package mutating func dispatch(from buffer: inout SequenceBuffer) throws -> [Dispatch] {
        var ready: [Dispatch] = []
        for call in graph.calls where progress[call.name] == .waiting {
            guard let batch = try buffer.take(call.name) else { continue }
            progress[call.name] = .running(batch)
            ready.append(Dispatch(call: call, batch: batch))
        }
        return ready
    }

    /// A call has ended; returns the batch it had, nil where it was not out.
    package mutating func ended(_ name: MFCName) -> BufferBatch? {
        guard case .running(let batch) = progress[name] else { return nil }
        consumed[name, default: 0] += batch.ids.count
        progress[name] = consumed[name, default: 0] >= needed[name, default: 0] ? .ended : .waiting
        return batch
    }
}
