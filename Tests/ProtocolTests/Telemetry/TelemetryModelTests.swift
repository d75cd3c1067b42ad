import Protocol
import TestSupport
import Testing

/// The sender's window and the receiver's decision together: on every path of a small system, and on long random ones,
/// nothing acknowledged is lost and nothing is stored twice.
@Suite struct TelemetryModelTests {
    /// A receiver that commits in groups and may die between append and COMMIT.
    private struct Receiver {
        var committed: [UInt8] = []
        var open: [UInt8] = []

        /// Takes a batch; the payload is its number, so order and repetition show in what is stored.
        mutating func take(_ batch: TelemetryWindow.Pending) {
            let last = UInt64(committed.count + open.count)
            if TelemetryAcceptance.decide(seq: batch.seq, last: last) == .accept { open.append(batch.frame[0]) }
        }

        mutating func commit() -> UInt64 {
            committed += open
            open = []
            return UInt64(committed.count)
        }
    }

    /// Window, link both ways and receiver.
    private struct System {
        enum Step: CaseIterable {
            case append, send, refuse, deliver, lose, commit, die, acknowledge, loseAcknowledgement, wait
        }

        var window = TelemetryWindow(inFlightLimit: 2, byteLimit: 3, resendAfter: 10)
        var receiver = Receiver()
        var appended: UInt8 = 0
        var onTheWay: [TelemetryWindow.Pending] = []
        var answers: [UInt64] = []
        var now: Int64 = 0

        mutating func perform(_ step: Step) {
            switch step {
            case .append:
                if case .queued(let seq) = window.append([appended + 1]) {
                    appended += 1
                    #expect(seq == UInt64(appended))
                }
            case .send: if let batch = window.nextToSend(now: now) { onTheWay.append(batch) }
            case .refuse: if window.nextToSend(now: now) != nil { window.sendFailed() }
            case .deliver: if !onTheWay.isEmpty { receiver.take(onTheWay.removeFirst()) }
            case .lose: if !onTheWay.isEmpty { onTheWay.removeFirst() }
            case .commit: answers.append(receiver.commit())
            case .die: receiver.open = []
            case .acknowledge: if !answers.isEmpty { window.acknowledged(upTo: answers.removeFirst(), now: now) }
            case .loseAcknowledgement: if !answers.isEmpty { answers.removeFirst() }
            case .wait:
                now += 10
                window.timePassed(now: now)
            }
        }

        func check() {
            // Stored once, in order, without a gap.
            let stored = receiver.committed + receiver.open
            #expect(stored == Array(stored.indices.map { UInt8($0 + 1) }))
            // What the sender has let go of is committed.
            #expect(Int(appended) - window.unacknowledged <= receiver.committed.count)
            #expect(window.unacknowledged <= 3)
            #expect(window.isDrained == (window.unacknowledged == 0))
        }

        /// From now on nothing is lost: everything appended must arrive.
        mutating func settle() {
            for _ in 0..<60 where !window.isDrained {
                while let batch = window.nextToSend(now: now) { onTheWay.append(batch) }
                while !onTheWay.isEmpty { perform(.deliver) }
                perform(.commit)
                while !answers.isEmpty { perform(.acknowledge) }
                perform(.wait)
            }
            #expect(window.isDrained)
            #expect(receiver.committed.count == Int(appended))
        }
    }

    @Test func `no five steps in any order lose or repeat a batch`() {
        func explore(_ system: System, depth: Int) {
            for step in System.Step.allCases {
                var next = system
                next.perform(step)
                guard depth > 1 else {
                    let stored = next.receiver.committed + next.receiver.open
                    // Checked without the macro first: a hundred thousand expectations take seconds.
                    if stored != stored.indices.map({ UInt8($0 + 1) }) { next.check() }
                    if Int(next.appended) - next.window.unacknowledged > next.receiver.committed.count { next.check() }
                    continue
                }
                explore(next, depth: depth - 1)
            }
        }
        var start = System()
        start.perform(.append)
        start.perform(.send)
        explore(start, depth: 4)
        start.perform(.append)
        explore(start, depth: 4)
    }

    @Test(arguments: UInt64(1)...40)
    func `on any long path batches are stored once and in order, and all of them when the link heals`(seed: UInt64) {
        var random = SplitMix(seed: seed)
        var system = System()
        for step in 0..<300 {
            guard system.appended < 200 else { break }
            system.perform(System.Step.allCases.randomElement(using: &random) ?? .wait)
            if step.isMultiple(of: 10) { system.check() }
        }
        system.settle()
        system.check()
    }

    @Test(arguments: UInt64(1)...20)
    func `never more than the limit is between sending and acknowledgement`(seed: UInt64) {
        var random = SplitMix(seed: seed)
        let limit = Int.random(in: 1...4, using: &random)
        var window = TelemetryWindow(inFlightLimit: limit, byteLimit: 1000, resendAfter: 10)
        var sent: Set<UInt64> = [], acknowledged: UInt64 = 0
        for now in Int64(0)..<200 {
            _ = window.append([1])
            while let batch = window.nextToSend(now: now) {
                #expect(batch.seq > acknowledged)
                sent.insert(batch.seq)
                #expect(sent.count <= limit)
            }
            if Bool.random(using: &random), let upTo = sent.randomElement(using: &random) {
                window.acknowledged(upTo: upTo, now: now)
                acknowledged = max(acknowledged, upTo)
                sent = sent.filter { $0 > upTo }
            }
        }
        #expect(acknowledged > 0)
    }

    @Test func `bytes are counted until they are acknowledged, and a batch that fits exactly is taken`() {
        var window = TelemetryWindow(inFlightLimit: 8, byteLimit: 10, resendAfter: 10)
        let four = [UInt8](repeating: 0, count: 4)
        #expect(window.append(four) == .queued(seq: 1))
        #expect(window.append(four + [0, 0]) == .queued(seq: 2))
        #expect(window.append([0]) == .full)
        #expect(window.nextSequence == 3)
        window.acknowledged(upTo: 1, now: 0)
        #expect(window.append(four + [0]) == .full)
        #expect(window.append(four) == .queued(seq: 3))
        #expect(window.append([]) == .queued(seq: 4))
    }

    @Test func `an old acknowledgement moves nothing and does not put off the time-out`() {
        var window = TelemetryWindow(inFlightLimit: 8, byteLimit: 10, resendAfter: 10)
        _ = window.append([1])
        _ = window.append([2])
        _ = window.nextToSend(now: 0)
        _ = window.nextToSend(now: 5)
        #expect(window.deadline == 10)
        window.acknowledged(upTo: 0, now: 6)
        #expect(window.deadline == 10)
        window.acknowledged(upTo: 1, now: 7)
        #expect(window.deadline == 17)
        window.acknowledged(upTo: 1, now: 9)
        #expect(window.deadline == 17)
        let due = window.timePassed(now: 17)
        #expect(due)
        #expect(window.deadline == nil)
        let idle = window.timePassed(now: 100)
        #expect(!idle)
        #expect(window.nextToSend(now: 100)?.seq == 2)
        #expect(window.deadline == 110)
    }

    @Test func `an acknowledgement that comes after a rewind spares what it covers`() {
        var window = TelemetryWindow(inFlightLimit: 8, byteLimit: 10, resendAfter: 10)
        for byte in UInt8(1)...3 { _ = window.append([byte]) }
        while window.nextToSend(now: 0) != nil {}
        window.timePassed(now: 10)
        window.acknowledged(upTo: 2, now: 11)
        let spared = window.nextToSend(now: 11), none = window.nextToSend(now: 11)
        #expect(spared?.seq == 3 && spared?.frame == [3])
        #expect(none == nil)
    }

    @Test func `a refused send with nothing in flight leaves the window as it was`() {
        var window = TelemetryWindow(inFlightLimit: 8, byteLimit: 10, resendAfter: 10)
        window.sendFailed()
        _ = window.append([1])
        #expect(window.deadline == nil)
        #expect(window.nextToSend(now: 3)?.seq == 1)
        #expect(window.deadline == 13)
    }

    @Test(
        arguments: [
            (0, 0, TelemetryAcceptance.repeated(last: 0)), (1, 0, .accept), (2, 0, .gap(last: 0)),
            (UInt64.max, 0, .gap(last: 0)), (UInt64.max, UInt64.max - 1, .accept),
            (UInt64.max, .max, .repeated(last: .max)), (7, UInt64.max, .repeated(last: .max)),
        ] as [(UInt64, UInt64, TelemetryAcceptance)])
    func `numbers at both ends of their range are decided like others`(
        seq: UInt64, last: UInt64, decision: TelemetryAcceptance
    ) {
        #expect(TelemetryAcceptance.decide(seq: seq, last: last) == decision)
    }
}
