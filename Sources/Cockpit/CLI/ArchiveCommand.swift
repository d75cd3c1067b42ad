import ArgumentParser
import Orchestrator
import Protocol

/// Copies a trial into a folder of its own.
struct ArchiveCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "archive", abstract: "Copy a trial, also while it runs, and check the copy.",
        discussion: """
            The copy has the settings, the checkpoints, the logs and the run of one moment as one plain file. It is made \
            beside DEST and appears there when it is whole; an existing DEST is never touched. To look at it, put it at \
            trials/EXPERIMENT/TRIAL under a home folder.
            """)

    @ArgumentParser.Argument(help: "The trial as list names it: EXPERIMENT/TRIAL.")
    var trial: String

    @ArgumentParser.Argument(help: "The folder to make.")
    var destination: String

    @Flag(help: "Print JSON.")
    var json = false

    private struct Report: Encodable {
        let trial: String
        let folder: String
        let files: Int
        let bytes: Int
        let vanished: [String]
    }

    func run() throws {
        let id = try self.id(), target = Environment.absolute(destination)
        let result = try TrialArchive.copy(id, home: try Environment.readableHome(), to: target) { name in
            if !json { Output.note("copying \(name)") }
        }
        if json {
            return try Output.json(
                Report(
                    trial: id.description, folder: target, files: result.files, bytes: result.bytes,
                    vanished: result.vanished))
        }
        for name in result.vanished { Output.note("\(name) was replaced by a newer one meanwhile and is left out") }
        Output.line("\(id) is in \(target): \(result.files) files, \(result.bytes >> 10) KiB, sound")
    }

    private func id() throws -> TrialID {
        let parts = trial.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2 else {
            throw CommandError(
                "'\(trial)' names no trial", hint: "write EXPERIMENT/TRIAL as cockpit list does, such as sft/first")
        }
        return TrialID(experiment: try ExperimentName(parts[0]), trial: try TrialName(parts[1]))
    }
}
