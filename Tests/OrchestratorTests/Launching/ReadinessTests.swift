import Glibc
import Protocol
import TestSupport
import Testing

@testable import Orchestrator

/// Sends pieces of bytes through a pipe and reads them as a readiness.
private func receive(_ pieces: [[UInt8]]) throws -> Readiness? {
    var ends: [Int32] = [-1, -1]
    try #require(pipe(&ends) == 0)
    let writing = ends[1]
    let writer = try TestThread {
        for piece in pieces { _ = write(writing, piece, piece.count) }
        close(writing)
    }
    defer {
        writer.join()
        close(ends[0])
    }
    return Readiness.receive(from: ends[0])
}

@Suite struct `The word of a starting orchestrator` {
    private struct Plain: Error, CustomStringConvertible {
        let description = "plain trouble"
    }

    @Test func `may come in any number of pieces`() throws {
        let word = Array(
            #"{"ready":{"_0":{"id":{"experiment":"sft","trial":"a"},"pid":1,"attempt":2,"resumeStep":3,"recordedStep":5}}}"#
                .utf8)
        let whole = try #require(try receive([word]))
        #expect(try receive(word.map { [$0] }) == whole)
        guard case .ready(let started) = whole else {
            Issue.record("it is ready")
            return
        }
        #expect(started.pid == 1)
        #expect(started.attempt == 2)
        #expect(started.resumeStep == 3)
    }

    @Test(arguments: ["", " ", "ready", "{}", #"{"ready":{}}"#, #"{"ready":{"_0":null}}"#, "\u{0}"])
    func `that makes no sense is none`(text: String) throws {
        #expect(try receive([Array(text.utf8)]) == nil)
    }

    @Test func `is not waited for without end`() throws {
        // Far more than any refusal: reading stops, and what was read is no word.
        let flood = [[UInt8]](repeating: [UInt8](repeating: 0x20, count: 1 << 16), count: 16)
        #expect(try receive(flood) == nil)
    }

    @Test func `of an error that is written for nobody is its description`() {
        guard case .refused(let refusal) = Readiness(refusing: Plain()) else {
            Issue.record("an error is a refusal")
            return
        }
        #expect(refusal.report == "plain trouble")
        #expect(refusal.exitCode == ExitCode.failure)
    }

    @Test func `may be as long as a log`() throws {
        let detail = String(repeating: "eine sehr lange Zeile — 長い\n", count: 3000)
        var ends: [Int32] = [-1, -1]
        try #require(pipe(&ends) == 0)
        let writing = ends[1]
        let writer = try TestThread {
            Readiness(refusing: LaunchError(.folder, "s", detail: detail)).send(to: writing)
        }
        let said = Readiness.receive(from: ends[0])
        writer.join()
        close(ends[0])
        guard case .refused(let refusal) = said else {
            Issue.record("it arrives")
            return
        }
        #expect(refusal.detail == detail)
    }

    @Test(arguments: [
        #"{"request":{}}"#, #"{"home":"/h","request":{"experiment":"a"}}"#, "[]", "",
    ])
    func `cannot be given where the arguments are incomplete`(text: String) {
        #expect(throws: (any Error).self) { try OrchestratorArguments.decode(text) }
    }
}
