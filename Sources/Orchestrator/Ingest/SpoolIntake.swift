import Foundation
import Glibc
import Protocol
import Store

/// Takes into the store what workers left on the disk because nobody took it when they ended.
struct SpoolIntake {
    private let folder: String
    private let workers: Set<String>

    init(trial: TrialFolder, workers: Set<String>) {
        folder = TelemetrySpool.folder(in: trial.path)
        self.workers = workers
    }

    /// What became of one file.
    struct Taken {
        let name: String
        let stored: [WireTelemetryBatch]
        /// What could not be made use of, as a sentence.
        let problem: String?

        var words: String? {
            let count = stored.isEmpty ? nil : "\(stored.count) batches that \(name) had left on the disk were stored"
            let all = [count, problem].compactMap(\.self)
            return all.isEmpty ? nil : all.joined(separator: "; ")
        }
    }

    /// Stores every file, each in a transaction of its own, and removes it after the commit.
    ///
    /// Batches that are stored already are passed over. A file that is damaged, or lacks what came before it, is kept
    /// under another name.
    /// - Throws: what the store throws; the files that are left are taken in by the next call.
    func takeIn(_ store: any RunStore) throws(StoreError) -> [Taken] {
        var taken: [Taken] = []
        for name in FolderListing.names(in: folder) ?? [] where isFinished(name) {
            let path = "\(folder)/\(name)"
            guard let data = try? Data(contentsOf: URL(filePath: path)) else { continue }
            let file = try append([UInt8](data), name: name, to: store)
            try store.commit()
            if file.problem == nil { unlink(path) } else { rename(path, path + TelemetrySpool.damagedSuffix) }
            taken.append(file)
        }
        // It goes with the last file; while one is left it stays.
        rmdir(folder)
        return taken
    }

    private func isFinished(_ name: String) -> Bool {
        !name.hasSuffix(".new") && !name.hasSuffix(TelemetrySpool.damagedSuffix)
    }

    private func append(_ bytes: [UInt8], name: String, to store: any RunStore) throws(StoreError) -> Taken {
        let (frames, isWhole) = TelemetrySpool.frames(in: bytes)
        var stored: [WireTelemetryBatch] = []
        for frame in frames {
            guard let batch = try? WireCodec.decode(WireTelemetryBatch.self, from: frame),
                workers.contains(batch.source)
            else {
                return Taken(name: name, stored: stored, problem: "\(name) holds what is no telemetry of this trial")
            }
            switch try store.append(batch) {
            case .accepted: stored.append(batch)
            case .repeated: break
            case .gap(let last):
                let problem = "batches \(last + 1) to \(batch.seq - 1) before those in \(name) are missing"
                return Taken(name: name, stored: stored, problem: problem)
            }
        }
        return Taken(name: name, stored: stored, problem: isWhole ? nil : "\(name) is damaged and was read to there")
    }
}
