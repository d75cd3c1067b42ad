import Compute
import Logging
import Protocol
import Synchronization
import TestSupport
import Testing

@testable import Workers

@Suite struct `Writing to a full disk` {
    private let queue: TelemetryQueue
    private let logger: Logger

    init() throws {
        let queue = try TelemetryQueue()
        self.queue = queue
        logger = Logger(
            label: "test",
            factory: { _ in WorkerLogHandler(queue: queue, clock: .startingNow(), write: { _ in }) })
    }

    private var wait: RoomWait {
        RoomWait(pause: .milliseconds(1), logger: logger, rest: {}, isToldToLeave: { false })
    }

    private var words: [String] {
        queue.drain().compactMap { if case .log(let log) = $0 { "\(log.level) \(log.message)" } else { nil } }
    }

    private func refusal(_ number: Int32) -> ComputeError { .file(FileFault("write", "/x/model", number: number)) }

    @Test(arguments: [28, 122] as [Int32]) func `waits until it has room, and tells twice`(number: Int32) throws {
        var refusals = 3
        let value = try wait.write("the checkpoint of step 7 of actor", to: "/tmp", bytes: 4_200_000) {
            refusals -= 1
            if refusals >= 0 { throw refusal(number) }
            return "step-7"
        }
        #expect(value == "step-7")
        let words = words
        #expect(words.count == 2)
        #expect(
            words[0].hasPrefix(
                "warning the disk is full: the checkpoint of step 7 of actor needs about 4.2 MB in /tmp; "))
        #expect(words[1] == "info there is room again: the checkpoint of step 7 of actor is written")
    }

    @Test func `ends when the worker is told to leave, with the refusal`() {
        var tries = 0
        let wait = RoomWait(pause: .milliseconds(1), logger: logger, rest: {}, isToldToLeave: { tries == 3 })
        let error = #expect(throws: ComputeError.self) {
            try wait.write("it", to: "/tmp", bytes: 1) {
                tries += 1
                throw refusal(28)
            }
        }
        #expect(error?.code == .diskFull)
        #expect(tries == 3)
    }

    @Test(arguments: [5, 13, 27] as [Int32]) func `is the only refusal that is waited for`(number: Int32) throws {
        #expect(throws: ComputeError.self) {
            try wait.write("it", to: "/tmp", bytes: 1) { throw refusal(number) }
        }
        #expect(words == [])
    }
}

@Suite struct `A log file on a full disk` {
    @Test func `misses lines that the run keeps, and tells when it begins and when it ends`() throws {
        let queue = try TelemetryQueue(), lines = Mutex<[String]>([]), fault = Mutex<Int32>(0)
        let file = LogFile(queue: queue, clock: .startingNow()) { text in
            let number = fault.withLock { $0 }
            if number == 0 { lines.withLock { $0.append(text) } }
            return number
        }
        file.write("one\n")
        fault.withLock { $0 = 28 }
        for _ in 0..<3 { file.write("lost\n") }
        fault.withLock { $0 = 0 }
        file.write("two\n")
        file.write("three\n")
        #expect(lines.withLock { $0 } == ["one\n", "\ntwo\n", "three\n"])
        let told = queue.drain().compactMap { if case .log(let log) = $0 { log.message } else { nil } }
        #expect(
            told == [
                "the log file cannot be written: No space left on device; what it misses is kept here",
                "the log file is written again; it misses 3 records",
            ])
    }
}
