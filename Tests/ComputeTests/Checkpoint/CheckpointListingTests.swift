import Testing

@testable import Compute

@Suite struct `Checkpoint listing` {
    private let scratch: ScratchFolder
    private let folder: CheckpointFolder
    private let model: CheckpointFixture

    init() throws {
        scratch = try ScratchFolder()
        folder = CheckpointFolder(path: scratch.path + "/actor")
        model = try CheckpointFixture()
    }

    @Test func `steps are listed newest first, by number`() throws {
        for step in [2, 10, 9] { try folder.save(model.content(step: step)) }
        #expect(folder.list().valid.map(\.step) == [10, 9, 2])
        #expect(CheckpointFolder.latest(in: folder.path).latest?.step == 10)
    }

    @Test func `an absent folder has no checkpoints`() {
        #expect(CheckpointFolder.latest(in: scratch.path + "/none") == CheckpointListing())
    }

    @Test func `names that are no step folders are passed over`() throws {
        try folder.save(model.content(step: 2))
        for name in ["step-", "step-x", "step-03", "step--1", ".step-9.partial", "other"] {
            try SystemFiles().makeFolder(folder.path + "/" + name)
        }
        #expect(folder.list().valid.map(\.step) == [2])
        #expect(folder.list().skipped == [])
    }

    @Test(arguments: [
        "config.json", "manifest.json", "model.safetensors", "optimizer.safetensors", "state.json", "tokenizer.json",
    ])
    func `any byte changed, cut or missing in any file makes a checkpoint invalid`(name: String) throws {
        try folder.save(model.content(step: 1))
        let path = try folder.save(model.content(step: 2)) + "/" + name
        let whole = try ScratchFolder.read(path)
        var flipped = whole
        // Inside every file there is a digit or a float near the end whose lowest bit matters.
        let place = name.hasSuffix("json") ? flipped.lastIndex { (0x30...0x39).contains($0) } ?? 0 : whole.count - 3
        flipped[place] ^= 1
        for damaged in [flipped, Array(whole.dropLast(2)), []] {
            try ScratchFolder.overwrite(path, with: damaged)
            let listing = CheckpointFolder.latest(in: folder.path)
            #expect(listing.latest?.step == 1)
            #expect(listing.skipped.map(\.path) == [folder.path + "/step-2"])
            #expect(listing.skipped.first?.reason.summary.isEmpty == false)
        }
        try ScratchFolder.overwrite(path, with: whole)
        #expect(CheckpointFolder.latest(in: folder.path).latest?.step == 2)
    }

    @Test func `the reason names the damaged file`() throws {
        let path = try folder.save(model.content(step: 2))
        try ScratchFolder.overwrite(path + "/state.json", with: [])
        let reason = CheckpointFolder.latest(in: folder.path).skipped.first?.reason.summary ?? ""
        #expect(reason.hasPrefix("state.json cannot be used: has 0 bytes, the manifest says "))
    }

    @Test func `a manifest cannot point outside its folder`() {
        let text = #"{"version":1,"files":{"../state.json":{"size":1,"crc32":1}}}"#
        let error = #expect(throws: ComputeError.self) {
            try CheckpointManifest(json: Array(text.utf8), path: "manifest.json")
        }
        #expect(error?.summary.contains("'../state.json'") == true)
    }

    @Test func `pruning keeps the newest whole ones and removes what is older`() throws {
        for step in [1, 2, 3, 4, 5] { try folder.save(model.content(step: step)) }
        try ScratchFolder.overwrite(folder.path + "/step-2/state.json", with: [])
        try ScratchFolder.overwrite(folder.path + "/step-5/state.json", with: [])
        let removed = try folder.prune(keepingLast: 2)
        #expect(removed.map { $0.split(separator: "/").last } == ["step-2", "step-1"])
        #expect(FolderListing.names(in: folder.path) == ["step-3", "step-4", "step-5"])
    }

    @Test(arguments: [0, -1])
    func `pruning never removes the last whole checkpoint`(count: Int) throws {
        try folder.save(model.content(step: 1))
        try folder.prune(keepingLast: count)
        #expect(folder.list().valid.map(\.step) == [1])
    }
}

@Suite struct `Checkpoint faults` {
    /// Saves with the n-th operation failing for n = 1, 2, 3 … until a save meets no fault; after each a checkpoint
    /// must load, the new one if and only if the save said so.
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
                #expect(error.code == .fileSystem)
            }
            let latest = try #require(CheckpointFolder.latest(in: path).latest, "operation \(failing)")
            let state = try #require(Checkpoint.open(latest.path).state)
            if isSaved { #expect(state.values == ["from": "now"]) }
            // The next save, on a healthy disk, clears up whatever was left.
            try CheckpointFolder(path: path).save(model.content(step: step, values: ["from": "later"]))
            let healed = CheckpointFolder.latest(in: path)
            #expect(healed.skipped == [])
            #expect(try Checkpoint.open(#require(healed.latest).path).state?.values == ["from": "later"])
            #expect(FolderListing.names(in: path) == (step == 4 ? ["step-4"] : ["step-4", "step-5"]))
            if !files.hasFailed {
                #expect(isSaved && failing > 30)
                return
            }
        }
    }
}
