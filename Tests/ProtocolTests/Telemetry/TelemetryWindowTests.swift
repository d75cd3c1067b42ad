import Protocol
import TestSupport
import Testing

@Suite struct TelemetryWindowTests {
    private func window(inFlight: Int = 2, bytes: Int = 100) -> TelemetryWindow {
        TelemetryWindow(inFlightLimit: inFlight, byteLimit: bytes, resendAfter: 10)
    }

    /// Everything the window lets out now.
    private func sendable(from window: inout TelemetryWindow, now: Int64 = 0) -> [UInt64] {
        var numbers: [UInt64] = []
        while let batch = window.nextToSend(now: now) { numbers.append(batch.seq) }
        return numbers
    }

    @Test func `batches are numbered from one and sent in order`() {
        var window = window()
        let taken = [window.append([1]), window.append([2])]
        #expect(taken == [.queued(seq: 1), .queued(seq: 2)])
        #expect(sendable(from: &window) == [1, 2])
    }

    @Test func `no more than the limit is in flight until an acknowledgement makes room`() {
        var window = window(inFlight: 1)
        _ = window.append([1])
        _ = window.append([2])
        #expect(sendable(from: &window) == [1])
        window.acknowledged(upTo: 1, now: 1)
        #expect(sendable(from: &window) == [2])
    }

    @Test func `a batch is kept until it is acknowledged and sent again when that takes too long`() {
        var window = window()
        _ = window.append([1])
        _ = window.nextToSend(now: 0)
        #expect(window.deadline == 10)
        let early = window.timePassed(now: 9), due = window.timePassed(now: 10)
        #expect(!early && due)
        #expect(sendable(from: &window, now: 10) == [1])
        window.acknowledged(upTo: 1, now: 11)
        #expect(window.isDrained)
        #expect(window.deadline == nil)
    }

    @Test func `a full window refuses the batch and keeps what it has`() {
        var window = window(bytes: 3)
        let outcomes = [window.append([1, 2]), window.append([1, 2]), window.append([1])]
        #expect(outcomes == [.queued(seq: 1), .full, .queued(seq: 2)])
        #expect(window.unacknowledged == 2)
    }

    @Test func `a batch the socket refused is sent next`() {
        var window = window()
        _ = window.append([1])
        _ = window.nextToSend(now: 0)
        window.sendFailed()
        #expect(sendable(from: &window) == [1])
    }

    @Test func `an acknowledgement of what was never sent is ignored`() {
        var window = window()
        _ = window.append([1])
        window.acknowledged(upTo: 99, now: 0)
        #expect(window.unacknowledged == 1)
    }

    @Test func `only the next number is accepted`() {
        #expect(TelemetryAcceptance.decide(seq: 5, last: 4) == .accept)
        #expect(TelemetryAcceptance.decide(seq: 4, last: 4) == .repeated(last: 4))
        #expect(TelemetryAcceptance.decide(seq: 1, last: 4) == .repeated(last: 4))
        #expect(TelemetryAcceptance.decide(seq: 6, last: 4) == .gap(last: 4))
    }

    /// A link that loses messages both ways and a receiver that dies and forgets what it had not committed.
    @Test(arguments: UInt64(1)...30)
    func `over any lossy link every batch is stored once and in order`(seed: UInt64) {
        var random = SplitMix(seed: seed)
        var window = TelemetryWindow(inFlightLimit: 8, byteLimit: 1 << 20, resendAfter: 5)
        var stored: [UInt64] = [], open: [UInt64] = []
        var now: Int64 = 0
        for value in 0..<200 { _ = window.append([UInt8(value)]) }
        while !window.isDrained, now < 100_000 {
            now += 1
            while let batch = window.nextToSend(now: now) {
                if Int.random(in: 0..<4, using: &random) == 0 { continue }
                let last = open.last ?? stored.last ?? 0
                if TelemetryAcceptance.decide(seq: batch.seq, last: last) == .accept { open.append(batch.seq) }
            }
            if Int.random(in: 0..<5, using: &random) == 0 { open = [] }
            stored += open
            open = []
            if Bool.random(using: &random) { window.acknowledged(upTo: stored.last ?? 0, now: now) }
            window.timePassed(now: now)
        }
        #expect(stored == Array(1...200))
    }
}
