import Protocol
import Store

/// What the dashboard asks of the world outside it: a fake in tests, the orchestrator and the store otherwise.
///
/// Calls block. `trials` and `open` come from the reader's thread alone, all others from the command thread.
protocol Backend: Sendable {
    /// All trials, in any order, with the state their processes are really in (`lost` included).
    func trials() throws -> [TrialItem]
    /// The run of one trial, read-only; asked once, then kept until another trial is watched.
    func open(_ trial: TrialID) throws -> any RunSource
    /// The registered experiments with their settings, in the order a newcomer should see them.
    func experiments() throws -> [ExperimentItem]
    /// Validates without starting anything; throws what is wrong.
    func check(_ draft: LaunchDraft) throws -> TrialPlan
    /// Starts a trial, or continues one, and returns once its orchestrator runs it.
    func launch(_ draft: LaunchDraft) throws -> TrialID
    /// Sends a command to a running trial and returns its answer in words.
    func send(_ command: TrialCommandKind, worker: WorkerID?, to trial: TrialID) throws -> String
    /// Writes a picture of the screen somewhere the person finds it and returns the path.
    func export(_ picture: ExportedPicture) throws -> String
    /// Names in the folder that a path begun by a person leads to; folders end in `/`.
    func names(inFolderOf path: String) throws -> [String]
}

/// A screen to be written to a file.
struct ExportedPicture: Equatable, Sendable {
    /// Without folder and extension.
    var name: String
    var surface: Surface
    var theme: Theme
}

/// One row of the trials list.
struct TrialItem: Equatable, Sendable {
    var id: TrialID
    var status: TrialStatus
    /// The first failure, or who stopped it.
    var statusDetail: String = ""
    /// Process id of the orchestrator, 0 where none lives.
    var orchestratorPid: Int32 = 0
    var runningWorkers: Int = 0
    var totalWorkers: Int = 0
    var restarts: Int = 0
    var step: Int = 0
    var totalSteps: Int = 0
    /// Nanoseconds since 1970.
    var startedWall: Int64 = 0
    var updatedWall: Int64 = 0
    /// Last value of each series.
    var last: [String: Double] = [:]
    /// What the orchestrator must tell at once, such as a store that is full; nil when all is well.
    var notice: String?
}

/// One registered experiment, as the launch form shows it.
struct ExperimentItem: Equatable, Sendable {
    var name: String
    var summary: String
    var settings: [SettingItem]
}

/// One setting of an experiment.
struct SettingItem: Equatable, Sendable {
    /// Dotted; the first part is the group it is shown in.
    var path: String
    var kind: SettingKind
    var defaultValue: SettingValue
    var help: String
    /// The experiment cannot do without it and has no value of its own for it.
    var isRequired = false
    /// The default as the header of a run has it, where that is another text: paths are absolute there.
    var recordedDefault: String?

    /// Whether a text stands for the default, however it is written: `1e-3` for 0.001.
    func isDefault(_ text: String) -> Bool {
        text == defaultValue.description || text == recordedDefault || (try? kind.parse(text).get()) == defaultValue
    }
}

/// What `cockpit start` would be called with.
struct LaunchDraft: Equatable, Sendable {
    enum Mode: Equatable, Sendable {
        /// A new trial; refused when the name is taken.
        case new
        /// Continue an ended or lost trial from its newest checkpoint.
        case resume
    }

    var experiment: String
    var trial: String
    /// `key=value`, only what differs from the defaults.
    var overrides: [String] = []
    var mode: Mode = .new

    /// The command line that does the same.
    var commandLine: String {
        var words = ["cockpit", "start", "-e", experiment, "-f", trial]
        if mode == .resume { words += ["--recover-mode", "resume"] }
        return (words + overrides).map(Self.quoted).joined(separator: " ")
    }

    private static func quoted(_ word: String) -> String {
        let isPlain = word.utf8.allSatisfy { byte in
            (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
                || "=._-/,:+".utf8.contains(byte)
        }
        return isPlain
            ? word : "'" + word.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
    }
}
