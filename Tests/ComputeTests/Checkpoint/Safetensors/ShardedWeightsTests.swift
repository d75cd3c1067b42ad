import Glibc
import Testing

@testable import Compute

@Suite struct `Sharded weights` {
    private let folder: ExternalFolder
    private let shards: [(name: String, tensors: [ExternalFolder.Tensor])]
    private static let one = "model-00001-of-00002.safetensors"
    private static let two = "model-00002-of-00002.safetensors"
    private static let index = "model.safetensors.index.json"

    init() throws {
        folder = try ExternalFolder(ExternalFolder.llama)
        let tensors = folder.tensors
        shards = [(Self.one, Array(tensors[..<5])), (Self.two, Array(tensors[5...]))]
    }

    private func refusal(_ change: (inout [String: String]) -> Void) throws -> String {
        try folder.write(shards: shards, change: change)
        return try #require(folder.refusal())
    }

    @Test func `tensors are read from the shard that has them`() throws {
        try folder.write(shards: shards)
        #expect(try folder.read().weights == Array(folder.weights.floats))
    }

    @Test func `one file is preferred to an index beside it`() throws {
        try folder.write(shards: shards) { $0 = ["x": "missing.safetensors"] }
        try folder.write(folder.tensors)
        #expect(try folder.read().weights == Array(folder.weights.floats))
    }

    @Test(arguments: [
        ("../secret.safetensors", "leaves the folder"), ("/etc/passwd.safetensors", "leaves the folder"),
        ("sub/model.safetensors", "leaves the folder"), ("..", "leaves the folder"),
        ("", "is no name of a safetensors file"), ("config.json", "is no name of a safetensors file"),
        ("a\u{0}.safetensors", "has a control character"),
        (String(repeating: "a", count: 250) + ".safetensors", "is no name of a safetensors file"),
    ])
    func `a file name that leaves the folder is refused`(name: String, reason: String) throws {
        let refusal = try refusal { $0["model.norm.weight"] = name }
        #expect(
            refusal
                == "\(Self.index) cannot be used: weight_map: tensor 'model.norm.weight' is in '\(name)', which \(reason)"
        )
    }

    @Test func `a shard that is not there is named`() throws {
        let refusal = try refusal { $0["model.norm.weight"] = "model-00000-of-00002.safetensors" }
        #expect(
            refusal
                == "\(Self.index) cannot be used: 1 of 3 files that it names are missing, the first is "
                + "model-00000-of-00002.safetensors")
    }

    @Test func `index and shards must agree`() throws {
        let unknown = try refusal { $0["model.norm.bias"] = Self.two }
        #expect(unknown == "\(Self.two) cannot be used: tensor 'model.norm.bias' is missing")
        let unlisted = try refusal { $0["model.norm.weight"] = nil }
        #expect(unlisted == "\(Self.two) cannot be used: tensor 'model.norm.weight' is not in \(Self.index)")
        let elsewhere = try refusal { $0["model.norm.weight"] = Self.one }
        #expect(elsewhere == "\(Self.two) cannot be used: tensor 'model.norm.weight' is also in \(Self.one)")
    }

    @Test func `a tensor in two shards is refused`() throws {
        try folder.write(shards: [shards[0], (Self.two, shards[1].tensors + [shards[0].tensors[0]])])
        #expect(
            folder.refusal()
                == "\(Self.one) cannot be used: tensor 'model.embed_tokens.weight' is also in \(Self.two)")
    }

    @Test(arguments: [
        ("{}", "weight_map is missing or empty"), (#"{"weight_map":{}}"#, "weight_map is missing or empty"),
        (#"{"weight_map":["a"]}"#, "weight_map is missing or empty"),
        (#"{"weight_map":{"a":1}}"#, "weight_map: tensor 'a' has no file name"),
        (#"{"weight_map":{"a":"b.safetensors","a":"c.safetensors"}}"#, "duplicate name 'a' at byte 38"),
        (#"{"weight_map":{"a":"b.safetensors"}"#, "expected ',' or '}' at byte 35"),
    ])
    func `an index that is none is refused`(text: String, reason: String) throws {
        try folder.writeConfiguration()
        _ = try folder.scratch.write(Array(text.utf8), to: Self.index)
        #expect(folder.refusal() == "\(Self.index) cannot be used: \(reason)")
    }

    @Test func `more shards than any model has are refused`() throws {
        let refusal = try refusal { map in
            map = [:]
            for number in 0..<513 { map["t\(number)"] = "\(number).safetensors" }
        }
        #expect(refusal == "\(Self.index) cannot be used: weight_map names 513 files, more than 512")
    }

    // MARK: Links and other folders

    @Test func `links are followed, as in a cache of Hugging Face`() throws {
        try folder.write(shards: shards)
        let blobs = try ScratchFolder()
        for name in [Self.one, Self.two, Self.index, "config.json"] {
            let file = folder.scratch.path + "/" + name
            #expect(rename(file, blobs.path + "/" + name) == 0)
            #expect(symlink(blobs.path + "/" + name, file) == 0)
        }
        #expect(try folder.read().weights == Array(folder.weights.floats))
    }

    @Test(arguments: [
        ("nowhere", "\(one) cannot be used: it is a link to a file that is not there"),
        (one, "Cannot open \(one): Too many levels of symbolic links"), (".", "Cannot open \(one): Is a directory"),
    ])
    func `a link that leads to no file is refused`(target: String, reason: String) throws {
        try folder.write(shards: shards)
        let file = folder.scratch.path + "/" + Self.one
        #expect(unlink(file) == 0)
        #expect(symlink(target, file) == 0)
        #expect(folder.refusal() == reason)
    }

    @Test func `two links to one file hold each tensor twice`() throws {
        try folder.write(shards: shards)
        let file = folder.scratch.path + "/" + Self.two
        #expect(unlink(file) == 0)
        #expect(symlink(Self.one, file) == 0)
        #expect(folder.refusal()?.contains("is also in") == true)
    }

    @Test(arguments: [
        ("pytorch_model.bin", "The weights are pickled, which may run code when it is read."),
        ("notes.txt", "cannot be used: it has no model.safetensors and no model.safetensors.index.json"),
    ])
    func `a folder without safetensors says what it lacks`(name: String, reason: String) throws {
        try folder.writeConfiguration()
        _ = try folder.scratch.write([1], to: name)
        #expect(folder.refusal()?.hasSuffix(reason) == true, "\(folder.refusal() ?? "")")
    }
}
