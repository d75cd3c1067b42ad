import Foundation
import Glibc
package import Protocol
package import Store

/// That a trial's store refuses.
package struct StoreRefusal: Sendable, Equatable {
    /// Why, and how much room is needed.
    package var reason: String
    /// What a stop waits for meanwhile, maybe because of this; empty where none is under way.
    package var awaited: String

    package var text: String { awaited.isEmpty ? reason : "\(awaited); \(reason)" }
}

/// `run.json`: what other processes need to find a trial's orchestrator and to show its processes without opening the
/// run. Written by rename, so a reader sees a whole one.
package struct RunRecord: Sendable, Codable, Equatable {
    package struct Worker: Sendable, Codable, Equatable {
        /// `model_worker/0`.
        package var id: String
        package var pid: Int32
        package var state: WorkerState
        package var restarts: Int

        package init(id: WorkerID, pid: Int32 = 0, state: WorkerState = .starting, restarts: Int = 0) {
            self.id = id.description
            self.pid = pid
            self.state = state
            self.restarts = restarts
        }
    }

    package var id: TrialID
    package var orchestrator: ProcessIdentity
    package var runtimeFolder: String
    package var status: TrialStatus
    package var statusDetail: String
    /// Why nothing can be stored, in words; nil where storing goes on.
    package var refusal: String?
    package var attempt: Int
    package var startedWall: Int64
    package var totalSteps: Int
    package var workers: [Worker]
    /// Where the orchestrator runs; nil in a record of an older version.
    package var machine: Machine?

    package init(
        id: TrialID, orchestrator: ProcessIdentity, runtimeFolder: String, status: TrialStatus,
        statusDetail: String = "", attempt: Int, startedWall: Int64, totalSteps: Int, workers: [Worker],
        machine: Machine? = nil
    ) {
        self.machine = machine
        self.id = id
        self.orchestrator = orchestrator
        self.runtimeFolder = runtimeFolder
        self.status = status
        self.statusDetail = statusDetail
        self.attempt = attempt
        self.startedWall = startedWall
        self.totalSteps = totalSteps
        self.workers = workers
    }

    /// What the trial is at and, while the store refuses, why: the run itself cannot tell that.
    package var explanation: String {
        storeRefusal?.text ?? statusDetail
    }

    var storeRefusal: StoreRefusal? {
        refusal.map { StoreRefusal(reason: $0, awaited: status == .stopping ? statusDetail : "") }
    }

    /// The status with the orchestrator looked for: `lost` when the record says it lives and it is nowhere.
    package func observedStatus(_ presence: TrialPresence) -> TrialStatus {
        !status.isTerminal && presence == .gone ? .lost : status
    }

    package static func read(_ folder: TrialFolder) -> RunRecord? {
        // A missing or broken file is the same to every caller: nothing is known here, look at the run itself.
        guard let data = try? Data(contentsOf: URL(filePath: folder.runFile)) else { return nil }
        return try? JSONDecoder().decode(RunRecord.self, from: data)
    }

    /// Replaces the trial's record; a reader sees the old one or this one.
    package func write(_ folder: TrialFolder) throws(LaunchError) {
        try FolderFiles.replace(folder.runFile, with: bytes(folder))
    }

    /// Writes over the trial's record where it lies, which needs no room on the disk. A crash in between leaves a file
    /// that reads as none.
    func overwrite(_ folder: TrialFolder) throws(LaunchError) {
        try FolderFiles.overwrite(folder.runFile, with: bytes(folder))
    }

    private func bytes(_ folder: TrialFolder) throws(LaunchError) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        do {
            return [UInt8](try encoder.encode(self))
        } catch {
            throw LaunchError(.folder, "\(folder.runFile) cannot be written", detail: "\(error)")
        }
    }
}
