import Synchronization

@testable import Compute

/// A small model with numbers that are all different, and its moments.
struct CheckpointFixture {
    let spec = ModelSpec.gpt2(vocabularySize: 5, contextLength: 6, width: 4, layers: 1, heads: 2)
    let table: ParameterTable
    let weights: Arena
    let first: Arena
    let second: Arena

    init(seed: UInt64 = 1) throws {
        table = spec.parameterTable()
        weights = try Arena(count: table.count)
        first = try Arena(count: table.count)
        second = try Arena(count: table.count)
        var generator = SeededGenerator(seed: seed)
        for arena in [weights, first, second] {
            for parameter in table.parameters {
                for index in parameter.range { arena.base[index] = generator.normal() }
            }
        }
    }

    var optimizer: OptimizerState {
        OptimizerState(moments: [
            OptimizerState.Moments(name: ".first_moment", arena: first),
            OptimizerState.Moments(name: ".second_moment", arena: second),
        ])
    }

    /// The content of a checkpoint at a step.
    func content(step: Int, values: [String: String] = [:]) throws -> CheckpointContent {
        CheckpointContent(
            spec: spec, table: table, weights: weights,
            optimizer: optimizer,
            state: CheckpointState(
                step: step, updates: 7, generators: ["data": SeededGenerator(seed: UInt64(step))], values: values),
            tokenizer: try CharacterTokenizer(characters: "01+=".unicodeScalars))
    }
}

/// The real file system, but the n-th operation fails with "no space left", alone or with all that follow.
final class FaultyFiles: CheckpointFiles {
    enum Kind: CaseIterable {
        /// One operation fails; the program goes on and may tidy up.
        case once
        /// Nothing works any more: what a crash leaves behind.
        case fromThenOn
        /// One write puts half of its bytes in the file before it fails.
        case halfWritten
    }

    private let files = SystemFiles()
    private let kind: Kind
    private let failing: Int
    private let done = Mutex(0)

    init(failing: Int, kind: Kind) {
        self.failing = failing
        self.kind = kind
    }

    /// True once the failing operation has been reached.
    var hasFailed: Bool { done.withLock { $0 >= failing } }

    private func count(_ operation: String, _ path: String) throws(FileFault) {
        let number = done.withLock { done in
            done += 1
            return done
        }
        if number == failing || (kind == .fromThenOn && number > failing) {
            throw FileFault(operation, path, number: 28)
        }
    }

    func makeFolder(_ path: String) throws(FileFault) {
        try count("mkdir", path)
        try files.makeFolder(path)
    }

    func create(_ path: String) throws(FileFault) -> Int32 {
        try count("create", path)
        return try files.create(path)
    }

    func write(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32, path: String) throws(FileFault) {
        do throws(FileFault) {
            try count("write", path)
        } catch {
            let half = UnsafeRawBufferPointer(rebasing: bytes.prefix(bytes.count / 2))
            if kind != .once { try files.write(half, to: descriptor, path: path) }
            throw error
        }
        try files.write(bytes, to: descriptor, path: path)
    }

    func finish(_ descriptor: Int32, path: String) throws(FileFault) {
        // Closed in any case, or the test would run out of descriptors.
        try files.finish(descriptor, path: path)
        try count("fsync", path)
    }

    func syncFolder(_ path: String) throws(FileFault) {
        try count("fsync", path)
        try files.syncFolder(path)
    }

    func rename(_ old: String, to new: String) throws(FileFault) {
        try count("rename", old)
        try files.rename(old, to: new)
    }

    func removeFolder(_ path: String) throws(FileFault) {
        try count("remove", path)
        try files.removeFolder(path)
    }
}
