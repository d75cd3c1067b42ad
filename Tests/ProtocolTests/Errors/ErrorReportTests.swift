import Protocol
import Testing

/// Errors as a person reads them.
@Suite struct ErrorReportTests {
    private struct Told: UserFacingError {
        var summary = "it failed"
        var detail = ""
        var hint: String?
    }

    private enum Bare: Error { case thing(Int) }

    @Test(
        arguments: [
            ("", nil, "it failed"), ("line 3", nil, "it failed\nline 3"), ("", "do this", "it failed\nhint: do this"),
            ("a\nb", "do this", "it failed\na\nb\nhint: do this"),
        ] as [(String, String?, String)])
    func `a report has no empty lines where there is nothing to say`(detail: String, hint: String?, report: String) {
        #expect(Told(detail: detail, hint: hint).report == report)
    }

    @Test func `an error of another kind is described by itself`() {
        #expect(describe(Bare.thing(3)) == "thing(3)")
    }

    @Test func `an error that says nothing of it exits with 1, a wrong request with 2`() throws {
        #expect(Told().exitCode == 1)
        #expect(WireError(.shape, "x").exitCode == 1)
        #expect(SequenceError("x").exitCode == 1)
        let refused = #expect(throws: NameError.self) { try TrialName("") }
        #expect(refused?.exitCode == 2)
        #expect([ExitCode.success, ExitCode.failure, ExitCode.usage, ExitCode.stopped] == [0, 1, 2, 3])
        #expect([TrialStatus.completed, .failed, .lost, .stopped].map(\.exitCode) == [0, 1, 1, 3])
    }

    @Test(arguments: [
        (TransportError.Code.open, "a socket could not be opened"), (.bind, "a socket could not be bound"),
        (.connect, "a socket could not connect"), (.send, "a message could not be sent"),
        (.receive, "a message could not be received"), (.poll, "waiting for sockets failed"),
        (.pathTooLong, "a socket path is too long"), (.folder, "the runtime folder cannot be used"),
    ])
    func `transport errors say what failed, where and why`(code: TransportError.Code, what: String) {
        #expect(TransportError(code, reason: "because").summary == "\(what): because")
        #expect(TransportError(code, place: "/run/x", reason: "because").summary == "\(what) (/run/x): because")
    }

    @Test func `what a person can mend comes with a hint`() {
        #expect(
            TransportError(.pathTooLong, place: "/x", reason: "120 bytes").report
                == "a socket path is too long (/x): 120 bytes\nhint: set COCKPIT_HOME to a shorter path")
        #expect(
            TransportError(.folder, place: "/x", reason: "it is no folder").hint
                == "remove it, or set COCKPIT_HOME to a folder of your own")
        #expect(TransportError(.send, reason: "x").hint == nil)
    }
}
