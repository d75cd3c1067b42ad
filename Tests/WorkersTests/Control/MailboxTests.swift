import Protocol
import Testing

@testable import Workers

@Suite struct WorkerMailboxTests {
    @Test func `messages come out in order, once`() throws {
        let mailbox = try WorkerMailbox<Int>()
        for number in 1...3 { mailbox.post(number) }
        #expect(mailbox.take() == [1, 2, 3])
        #expect(mailbox.take() == [])
    }

    @Test func `a message wakes the one who waits`() throws {
        let mailbox = try WorkerMailbox<Int>()
        let thread = try OwnThread(name: "test") { mailbox.post(7) }
        let readable = try Poller.wait([mailbox.pollItem], timeout: .seconds(120))
        thread.join()
        #expect(readable == [true])
        #expect(mailbox.take() == [7])
        #expect(try Poller.wait([mailbox.pollItem], timeout: .zero) == [false])
    }

    @Test func `a full mailbox refuses instead of growing`() throws {
        let mailbox = try WorkerMailbox<Int>()
        for number in 0..<WorkerMailbox<Int>.limit { #expect(mailbox.post(number)) }
        #expect(!mailbox.post(-1))
        #expect(mailbox.take().count == WorkerMailbox<Int>.limit)
    }
}

@Suite struct OwnThreadTests {
    @Test func `join waits for the end, and a second join returns at once`() throws {
        let mailbox = try WorkerMailbox<Int>()
        let thread = try OwnThread(name: "test") { for number in 0..<1000 { mailbox.post(number) } }
        thread.join()
        thread.join()
        #expect(mailbox.take().count == 1000)
    }
}
