import Glibc
import Protocol
import Testing

@testable import Compute

@Suite struct `Checkpoint faults` {
    /// What each loadable folder of a role was saved with.
    private func whole(in path: String) -> [String: String] {
        let names = (FolderListing.names(in: path) ?? []).filter { $0.hasPrefix("step-") }
        let pairs = names.compactMap { name in
            (try? Checkpoint.open(path + "/" + name))?.state?.values["from"].map { (name, $0) }
        }
        return Dictionary(uniqueKeysWithValues: pairs)
    }

    /// Saves with the n-th operation failing for n = 1, 2, 3 … until a save meets no fault; after each a checkpoint
    /// must load, the new one if the save said so.
    @Test(arguments: FaultyFiles.Kind.allCases, [4, 5])
    func `whichever file operation fails, a whole checkpoint remains`(kind: FaultyFiles.Kind, step: Int) throws {
        let model = try CheckpointFixture()
        for failing in 1... {
            let scratch = try ScratchFolder()
            let path = scratch.path + "/actor"
            try CheckpointFolder(path: path).save(model.content(step: 4, values: ["from": "before"]))
            let files = FaultyFiles(failing: failing, kind: kind)
            var isSaved = true
            do {
                try CheckpointFolder(path: path, files: files).save(model.content(step: step, values: ["from": "now"]))
            } catch let error as ComputeError {
                isSaved = false
                #expect(error.code == .diskFull)
                #expect(error.summary.hasSuffix(": No space left on device"))
            }
            let left = whole(in: path)
            #expect(!left.isEmpty, "operation \(failing)")
            if step == 5 { #expect(left["step-4"] == "before", "operation \(failing)") }
            if isSaved { #expect(left["step-\(step)"] == "now") }
            // The next save, on a healthy disk, clears up whatever was left.
            try CheckpointFolder(path: path).save(model.content(step: step, values: ["from": "later"]))
            #expect(whole(in: path) == (step == 4 ? ["step-4": "later"] : ["step-4": "before", "step-5": "later"]))
            #expect(FolderListing.names(in: path) == (step == 4 ? ["step-4"] : ["step-4", "step-5"]))
            if !files.hasFailed {
                #expect(isSaved && failing > 30)
                return
            }
        }
    }

    @Test func `a save into a folder that may not be made names it`() throws {
        let scratch = try ScratchFolder()
        let file = try scratch.write([1], to: "file")
        let model = try CheckpointFixture()
        let error = #expect(throws: ComputeError.self) {
            try CheckpointFolder(path: file + "/actor").save(model.content(step: 1))
        }
        #expect(error?.summary == "Cannot mkdir actor: Not a directory")
        #expect(error?.detail == file + "/actor")
    }

    @Test func `removing a folder takes everything in it and follows no link out of it`() throws {
        let scratch = try ScratchFolder()
        let kept = try scratch.write([1, 2], to: "kept")
        let files = SystemFiles()
        for name in ["doomed", "doomed/inner", "doomed/inner/empty"] { try files.makeFolder(scratch.path + "/" + name) }
        _ = try scratch.write([3], to: "doomed/inner/file")
        #expect(symlink(kept, scratch.path + "/doomed/link") == 0)
        #expect(symlink(scratch.path, scratch.path + "/doomed/inner/up") == 0)
        try files.removeFolder(scratch.path + "/doomed")
        #expect(FolderListing.names(in: scratch.path) == ["kept"])
        #expect(try ScratchFolder.read(kept) == [1, 2])
        try files.removeFolder(scratch.path + "/doomed")
    }
}
