package import Protocol
import Synchronization

/// Records the phases of model function calls on one worker: each span twice, as it begins and as it ends.
package final class SpanRecorder: Sendable {
    /// What a span is about.
    package struct Subject: Sendable, Equatable {
        package var mfc: String
        package var interfaceType: String
        package var role: String
        package var step: UInt64
        package var sequences: UInt64
        package var tokens: UInt64
        package var weightVersion: WeightVersion

        package init(
            mfc: String, interfaceType: String, role: String, step: UInt64, sequences: UInt64 = 0, tokens: UInt64 = 0,
            weightVersion: WeightVersion = 0
        ) {
            self.mfc = mfc
            self.interfaceType = interfaceType
            self.role = role
            self.step = step
            self.sequences = sequences
            self.tokens = tokens
            self.weightVersion = weightVersion
        }
    }

    private let queue: TelemetryQueue
    private let clock: RunClock
    private let lastNumber: Atomic<UInt64>

    package init(
        queue: TelemetryQueue, clock: RunClock, epoch: TelemetryEpoch = TelemetryEpoch(attempt: 1, launch: 0)
    ) {
        self.queue = queue
        self.clock = clock
        lastNumber = Atomic(epoch.firstSpan)
    }

    /// Runs `body` as one span; it ends with an error too. `body` may fill in what is known only at the end.
    /// - Returns: what `body` returned, and the seconds it took.
    package func record<Value>(
        _ phase: SpanPhase, of subject: Subject, _ body: (inout Subject) throws -> Value
    ) rethrows -> (value: Value, seconds: Double) {
        var span = WireSpanRecord()
        span.number = lastNumber.wrappingAdd(1, ordering: .relaxed).newValue
        span.phase = phase.rawValue
        span.startNs = clock.now()
        var subject = subject
        queue.append(.span(Self.described(span, subject)))
        defer {
            span.endNs = clock.now()
            queue.append(.span(Self.described(span, subject)))
        }
        let value = try body(&subject)
        return (value, Double(clock.now() - span.startNs) / 1e9)
    }

    private static func described(_ span: WireSpanRecord, _ subject: Subject) -> WireSpanRecord {
        var span = span
        span.mfc = subject.mfc
        span.interfaceType = subject.interfaceType
        span.role = subject.role
        span.step = subject.step
        span.sequences = subject.sequences
        span.tokens = subject.tokens
        span.weightVersion = subject.weightVersion.count
        return span
    }
}
