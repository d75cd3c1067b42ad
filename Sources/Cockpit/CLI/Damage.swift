import Protocol

/// What a command left out of its output because it is damaged on disk.
enum Damage {
    private static let mostLines = 20

    /// Says on standard error what is missing, and ends the command with status 1; does nothing when nothing is.
    static func tell(_ damage: [String], of id: TrialID) throws {
        guard !damage.isEmpty else { return }
        for sentence in damage.prefix(mostLines) { Output.note("damaged: \(sentence.printable)") }
        if damage.count > mostLines { Output.note("and \(damage.count - mostLines) more") }
        Output.note("cockpit: some of what was recorded of \(id) cannot be read and is left out")
        Output.note("hint: see all of it with: cockpit doctor")
        throw ExitCode.failureStatus
    }
}
