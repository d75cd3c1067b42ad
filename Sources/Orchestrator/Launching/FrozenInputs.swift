import Foundation
import Glibc
import Protocol

/// Size and checksum of every file that a trial reads: its datasets and what lies in the folders of its models.
///
/// Frozen beside the settings when a trial begins. A step of a resumed trial is only what it would have been where they
/// are the same.
struct FrozenInputs: Codable, Equatable {
    struct File: Codable, Equatable {
        let path: String
        let bytes: Int
        let crc32: UInt32

        var fingerprint: FileFingerprint { FileFingerprint(bytes: bytes, crc32: crc32) }
    }

    /// In the order of their paths.
    var files: [File]
    /// What was gone on with although it had changed, one sentence a change.
    var accepted: [String] = []

    /// The files of a plan as they are now; one that cannot be read is left out. What lies in the home folder is named
    /// from there, so that a home may be moved.
    init(of plan: TrialPlan, home: HomeFolder) {
        files = Self.paths(of: plan).compactMap { Self.file($0, named: Self.name(of: $0, home)) }
    }

    /// Every file that a plan reads, in order.
    static func paths(of plan: TrialPlan) -> [String] {
        datasets(of: plan).union(modelFolders(of: plan).flatMap(files(ofModel:))).sorted()
    }

    private static func datasets(of plan: TrialPlan) -> Set<String> {
        Set(plan.setups.flatMap { [$0.dataset.path] + ($0.evaluation.map { [$0.dataset.path] } ?? []) })
    }

    private static func modelFolders(of plan: TrialPlan) -> Set<String> {
        var folders: Set<String> = []
        for case .transformer(let transformer) in plan.setups.flatMap(\.models).map(\.module) {
            if case .folder(let folder) = transformer.shape { folders.insert(folder) }
            if case .folder(let folder) = transformer.initialization { folders.insert(folder) }
        }
        return folders
    }

    /// These without what nobody reads: an earlier version froze more of a model's folder.
    func read(by plan: TrialPlan, home: HomeFolder) -> FrozenInputs {
        let datasets = Set(Self.datasets(of: plan).map { Self.name(of: $0, home) })
        var unread: Set<String> = []
        for folder in Self.modelFolders(of: plan).map({ "\(Self.name(of: $0, home))/" }) {
            let names = files.map(\.path).filter { $0.hasPrefix(folder) }.map { String($0.dropFirst(folder.count)) }
            unread.formUnion(Set(names).subtracting(ModelFileNames.read(of: names)).map { folder + $0 })
        }
        var rest = self
        rest.files.removeAll { unread.contains($0.path) && !datasets.contains($0.path) }
        return rest
    }

    /// What is different now, one sentence a file.
    func changes(to now: FrozenInputs) -> [String] {
        let before = Dictionary(files.map { ($0.path, $0) }) { first, _ in first }
        let after = Dictionary(now.files.map { ($0.path, $0) }) { first, _ in first }
        return Set(before.keys).union(after.keys).sorted().compactMap { path -> String? in
            switch (before[path], after[path]) {
            case (let old?, let new?) where old.bytes != new.bytes:
                "\(path) had \(old.bytes) bytes and has \(new.bytes)"
            case (let old?, let new?) where old.crc32 != new.crc32: "\(path) has other content of the same size"
            case (_?, nil): "\(path) is gone"
            case (nil, _?): "\(path) is new"
            default: nil
            }
        }
    }

    private static func name(of path: String, _ home: HomeFolder) -> String {
        let inHome = "\(home.path)/"
        return path.hasPrefix(inHome) ? PathExpansion.homePrefix + path.dropFirst(inHome.count) : path
    }

    /// Writes into a plan what its datasets are, so that a worker that reads one anew notices a change.
    func mark(_ plan: inout TrialPlan, home: HomeFolder) {
        func fingerprint(_ dataset: DatasetPlan) -> FileFingerprint? {
            files.first { $0.path == Self.name(of: dataset.path, home) }?.fingerprint
        }
        for index in plan.setups.indices {
            plan.setups[index].dataset.fingerprint = fingerprint(plan.setups[index].dataset)
            if let evaluation = plan.setups[index].evaluation {
                plan.setups[index].evaluation?.dataset.fingerprint = fingerprint(evaluation.dataset)
            }
        }
    }

    private static func files(ofModel folder: String) -> [String] {
        ModelFileNames.read(of: FolderListing.names(in: folder) ?? []).map { "\(folder)/\($0)" }
    }

    private static func file(_ path: String, named name: String) -> File? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var information = stat()
        guard fstat(descriptor, &information) == 0, information.st_mode & S_IFMT == S_IFREG else { return nil }
        var checksum = CRC32(), total = 0
        var buffer = [UInt8](repeating: 0, count: 1 << 20)
        while true {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { return nil }
            if count == 0 { break }
            buffer.withUnsafeBytes { checksum.add(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
            total += count
        }
        return File(path: name, bytes: total, crc32: checksum.value)
    }
}

// MARK: - On disk

extension FrozenInputs {
    /// nil where a trial has none, as one that an earlier version began.
    static func read(_ folder: TrialFolder) -> FrozenInputs? {
        guard let data = FileManager.default.contents(atPath: folder.inputs) else { return nil }
        return try? JSONDecoder().decode(FrozenInputs.self, from: data)
    }

    func write(_ folder: TrialFolder) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        try FolderFiles.replace(folder.inputs, with: Array(encoder.encode(self)))
    }

    /// Freezes the inputs of a new trial, or compares those of a resumed one with what was frozen; marks the plan with
    /// them.
    /// - Returns: what the inputs are now, and the changes that were accepted.
    /// - Throws: `LaunchError` where inputs have changed and the request does not accept that.
    static func settle(
        _ plan: inout TrialPlan, in folder: TrialFolder, isResumed: Bool, changed: ChangedInputs
    ) throws -> (inputs: FrozenInputs, accepted: [String]) {
        var now = FrozenInputs(of: plan, home: folder.home)
        now.mark(&plan, home: folder.home)
        guard isResumed, let before = read(folder)?.read(by: plan, home: folder.home) else {
            try now.write(folder)
            return (now, [])
        }
        let changes = before.changes(to: now)
        if changes.isEmpty { return (now, []) }
        if changed == .refuse { throw refusal(of: changes, folder.id) }
        now.accepted = before.accepted + changes
        try now.write(folder)
        return (now, changes)
    }

    /// Refuses what `settle` would; writes nothing.
    static func check(_ plan: TrialPlan, resumedIn folder: TrialFolder) throws(LaunchError) {
        guard let before = read(folder)?.read(by: plan, home: folder.home) else { return }
        let changes = before.changes(to: FrozenInputs(of: plan, home: folder.home))
        if !changes.isEmpty { throw refusal(of: changes, folder.id) }
    }

    private static func refusal(of changes: [String], _ id: TrialID) -> LaunchError {
        LaunchError(
            .frozenDiffers, "what trial \(id) reads has changed since it began",
            detail: changes.joined(separator: "\n"),
            hint: "put the old files back, or go on with what is there now: --accept-changed-inputs",
            exitCode: ExitCode.usage)
    }
}
