import Foundation
import Glibc
package import Protocol
import Store

/// Copies a trial, also one that runs: settings, checkpoints, logs and the run, into a folder of their own.
package enum TrialArchive {
    /// What was copied.
    package struct Result: Sendable, Equatable {
        package var files = 0
        package var bytes = 0
        /// Checkpoints that the trial replaced while they were copied; newer ones were made then.
        package var vanished: [String] = []
    }

    /// Copies the trial's folder to `target`, which must not exist. The copy appears there whole or not at all.
    /// - Parameter progress: called with the name of each file before it is copied.
    package static func copy(
        _ id: TrialID, home: HomeFolder, to target: String, progress: (String) -> Void
    ) throws -> Result {
        let folder = home.trial(id)
        _ = try TrialList.one(id, home: home)
        guard !FolderFiles.isTaken(target) else {
            throw LaunchError(
                .alreadyExists, "\(target) is there already", hint: "name a folder that does not exist yet",
                exitCode: ExitCode.usage)
        }
        let partial = "\(target).partial-\(getpid())"
        do {
            let result = try fill(partial, from: folder, progress: progress)
            guard rename(partial, target) == 0 else {
                throw LaunchError(.folder, "\(target) cannot be made: \(String(cString: strerror(errno)))")
            }
            return result
        } catch {
            // What is left of a copy that failed is of no use to anybody; the error that led here is the one to tell.
            try? FileManager.default.removeItem(atPath: partial)
            throw error
        }
    }

    /// The run comes last, so that it knows of every checkpoint that was copied.
    private static func fill(
        _ partial: String, from folder: TrialFolder, progress: (String) -> Void
    ) throws -> Result {
        var result = Result()
        try FolderFiles.makeFolder(partial)
        for path in [folder.configuration, folder.inputs] where FolderFiles.exists(path) {
            try result.copy((path as NSString).lastPathComponent, folder, partial, progress)
        }
        for role in FolderListing.names(in: folder.checkpoints) ?? [] {
            for step in FolderListing.names(in: "\(folder.checkpoints)/\(role)") ?? [] where !step.contains(".") {
                try result.copyCheckpoint("checkpoints/\(role)/\(step)", folder, partial, progress)
            }
        }
        for name in FolderListing.names(in: folder.logs) ?? [] {
            try result.copy("logs/\(name)", folder, partial, progress)
        }
        progress("run.sqlite")
        let report = try RunCopy.make(of: folder.database, to: "\(partial)/run.sqlite")
        result.files += 1
        result.bytes += FolderFiles.size("\(partial)/run.sqlite")
        guard report.isSound else {
            throw LaunchError(
                .folder, "the run of \(folder.id) is damaged, and so would be its copy",
                detail: report.findings.joined(separator: "\n"),
                hint: "copy the folder \(folder.path) as it is with: cp -a")
        }
        return result
    }
}

extension TrialArchive.Result {
    /// Copies one file of a trial's folder and checks its length; a log that grows meanwhile has what was there.
    fileprivate mutating func copy(
        _ name: String, _ folder: TrialFolder, _ partial: String, _ progress: (String) -> Void
    ) throws {
        progress(name)
        let source = "\(folder.path)/\(name)", target = "\(partial)/\(name)"
        let expected = FolderFiles.size(source)
        try FolderFiles.makeFolder((target as NSString).deletingLastPathComponent)
        try FileManager.default.copyItem(atPath: source, toPath: target)
        let size = FolderFiles.size(target)
        guard size >= expected else {
            throw LaunchError(.folder, "\(target) has \(size) bytes of \(expected)", hint: "is the disk full?")
        }
        files += 1
        bytes += size
    }

    /// Copies the folder of one step. A running trial may remove it meanwhile, after it has made a newer one.
    fileprivate mutating func copyCheckpoint(
        _ name: String, _ folder: TrialFolder, _ partial: String, _ progress: (String) -> Void
    ) throws {
        let before = self
        do {
            for file in FolderListing.names(in: "\(folder.path)/\(name)") ?? [] {
                try copy("\(name)/\(file)", folder, partial, progress)
            }
        } catch {
            guard !FolderFiles.exists("\(folder.path)/\(name)") else { throw error }
            try FileManager.default.removeItem(atPath: "\(partial)/\(name)")
            self = before
            vanished.append(name)
        }
    }
}
