import Testing

@testable import Compute

private let names = [
    "config.json", "manifest.json", "model.safetensors", "optimizer.safetensors", "state.json", "tokenizer.json",
]

@Suite struct `Damaged checkpoint` {
    private let scratch: ScratchFolder
    private let path: String
    private let model: CheckpointFixture

    init() throws {
        scratch = try ScratchFolder()
        model = try CheckpointFixture()
        path = try CheckpointFolder(path: scratch.path + "/actor").save(model.content(step: 2))
    }

    @Test(arguments: names)
    func `any byte changed, cut or missing in any file is refused`(name: String) throws {
        let file = path + "/" + name
        let whole = try ScratchFolder.read(file)
        // All of a small file, a sample of a large one, and both of its ends.
        let step = max(1, whole.count / 60)
        let places = Array(stride(from: 0, to: whole.count, by: step)) + [whole.count - 2]
        for place in places {
            var flipped = whole
            flipped[place] ^= 1
            try ScratchFolder.overwrite(file, with: flipped)
            #expect(throws: ComputeError.self, "byte \(place) of \(name)") { try Checkpoint.open(path) }
        }
        for length in [0, 1, whole.count / 2, whole.count - 2] {
            try ScratchFolder.overwrite(file, with: Array(whole.prefix(length)))
            #expect(throws: ComputeError.self, "\(name) cut to \(length)") { try Checkpoint.open(path) }
        }
        try ScratchFolder.overwrite(file, with: whole + [0x20])
        if name != "manifest.json" { #expect(throws: ComputeError.self) { try Checkpoint.open(path) } }
        try ScratchFolder.overwrite(file, with: whole)
        #expect(try Checkpoint.open(path).state?.step == 2)
    }

    @Test func `every byte of the manifest matters`() throws {
        let file = path + "/manifest.json"
        let whole = try ScratchFolder.read(file)
        for place in whole.indices {
            var flipped = whole
            flipped[place] ^= 1
            #expect(throws: ComputeError.self, "byte \(place)") {
                let manifest = try CheckpointManifest(json: flipped, path: file)
                try manifest.verify(folder: path)
                // What is still whole must then lack a file that a checkpoint needs.
                if Set(names).isSubset(of: Set(manifest.files.keys).union(["manifest.json"])) { return }
                throw ComputeError.damaged(file, "does not list every file")
            }
        }
    }

    @Test func `the reason names the damaged file and what to do`() throws {
        try ScratchFolder.overwrite(path + "/state.json", with: [])
        let error = try #require(throws: ComputeError.self) { try Checkpoint.open(path) }
        #expect(error.code == .damagedFile)
        #expect(error.summary.hasPrefix("state.json cannot be used: has 0 bytes, the manifest says "))
        #expect(error.detail == path + "/state.json")
        #expect(error.hint == "Restore the file, or choose an older checkpoint.")
    }

    @Test func `a changed tensor is told from a changed size`() throws {
        let file = path + "/model.safetensors"
        var bytes = try ScratchFolder.read(file)
        bytes[bytes.count - 1] ^= 0x80
        try ScratchFolder.overwrite(file, with: bytes)
        let error = #expect(throws: ComputeError.self) { try Checkpoint.open(path) }
        #expect(
            error?.summary
                == "model.safetensors cannot be used: does not match the checksum in the manifest")
    }

    @Test(arguments: names)
    func `a file that is missing is named`(name: String) throws {
        let aside = scratch.path + "/aside"
        try SystemFiles().rename(path + "/" + name, to: aside)
        let error = #expect(throws: ComputeError.self) { try Checkpoint.open(path) }
        #expect(error?.summary == "Cannot open \(name): No such file or directory")
    }

    @Test func `a file that the manifest does not list is nobody's business`() throws {
        try ScratchFolder.overwrite(path + "/notes.txt", with: Array("mine".utf8))
        #expect(try Checkpoint.open(path).state?.step == 2)
    }

    @Test func `a folder where a file should be is refused`() throws {
        try SystemFiles().rename(path + "/state.json", to: scratch.path + "/aside")
        try SystemFiles().makeFolder(path + "/state.json")
        #expect(throws: ComputeError.self) { try Checkpoint.open(path) }
    }

    @Test(arguments: ["config.json", "model.safetensors", "state.json"])
    func `a manifest without a file that every checkpoint has is refused`(name: String) throws {
        let file = path + "/manifest.json"
        var manifest = try CheckpointManifest(json: ScratchFolder.read(file), path: file)
        manifest.files[name] = nil
        try ScratchFolder.overwrite(file, with: Array(manifest.json.prettyText.utf8))
        let error = #expect(throws: ComputeError.self) { try Checkpoint.open(path) }
        #expect(error?.summary == "manifest.json cannot be used: does not list \(name)")
    }

    @Test(arguments: [
        (#"{"version":1,"files":{"../state.json":{"size":1,"crc32":1}}}"#, "entry '../state.json' has no size"),
        (#"{"version":1,"files":{"..":{"size":1,"crc32":1}}}"#, "entry '..' has no size"),
        (#"{"version":1,"files":{"/etc/passwd":{"size":1,"crc32":1}}}"#, "entry '/etc/passwd' has no size"),
        (#"{"version":1,"files":{"a":{"size":-1,"crc32":1}}}"#, "entry 'a' has no size"),
        (#"{"version":1,"files":{"a":{"size":1.5,"crc32":1}}}"#, "entry 'a' has no size"),
        (#"{"version":1,"files":{"a":{"size":1}}}"#, "entry 'a' has no size and crc32"),
        (#"{"version":1,"files":{"a":{"size":1,"crc32":4294967296}}}"#, "entry 'a' has no size and crc32"),
        (#"{"version":1,"files":{"a":{"size":1,"crc32":-1}}}"#, "entry 'a' has no size and crc32"),
        (#"{"version":1,"files":{"a":7}}"#, "entry 'a' has no size"),
        (#"{"version":1,"files":[]}"#, "is not a manifest of version 1"),
        (#"{"version":2,"files":{}}"#, "is not a manifest of version 1"),
        (#"{"version":"1","files":{}}"#, "is not a manifest of version 1"),
        (#"{"files":{}}"#, "is not a manifest of version 1"),
        ("[]", "is not a manifest of version 1"),
        ("", "the text ends where a value should be at byte 0"),
    ])
    func `a manifest that says nothing usable is refused`(text: String, reason: String) {
        let error = #expect(throws: ComputeError.self) {
            try CheckpointManifest(json: Array(text.utf8), path: "manifest.json")
        }
        #expect(error?.code == .damagedFile)
        #expect(error?.summary.hasPrefix("manifest.json cannot be used: \(reason)") == true, "\(error?.summary ?? "")")
    }

    @Test func `a manifest reads back whatever it lists`() throws {
        var random = SeededGenerator(seed: 21)
        for round in 0..<50 {
            var manifest = CheckpointManifest()
            for _ in 0..<round % 7 {
                let name = "f\(random.next() % 1000)\u{e9}\".json"
                manifest.files[name] = CheckpointManifest.Entry(
                    size: Int(random.next() >> 1), checksum: UInt32(truncatingIfNeeded: random.next()))
            }
            #expect(try CheckpointManifest(json: Array(manifest.json.compactText.utf8), path: "m") == manifest)
        }
    }
}
