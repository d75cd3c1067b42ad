import Foundation
import TestSupport
import Testing

/// The short form of `scripts/attack`: real processes, and other programs in their files.
@Suite(.serialized) struct AttackTests {
    /// Runs the script and gives back what it said where something was lost.
    private func attack(_ words: String...) throws -> String? {
        let process = Process(), output = Pipe()
        process.executableURL = URL(fileURLWithPath: "\(SourceTree.root)/scripts/attack")
        process.arguments = words + ["--program", CockpitProgram.path, "--steps", "60"]
        process.standardOutput = output
        process.standardError = output
        try process.run()
        let said = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return process.terminationStatus == 0 ? nil : said
    }

    @Test func `programs that read, back up and vacuum a live run cost nothing of it`() throws {
        #expect(try attack("readers", "1") == nil)
    }

    @Test func `an orchestrator that stands still at the end loses no point`() throws {
        #expect(try attack("stopped", "1", "--at", "end", "--shortest", "12", "--longest", "13") == nil)
    }

    @Test(arguments: ["store", "logs", "checkpoints"])
    func `a full disk holds a trial up and changes nothing about it`(place: String) throws {
        #expect(try attack("full", "1", "--place", place, "--at", "end", "--seconds", "4") == nil)
    }
}
