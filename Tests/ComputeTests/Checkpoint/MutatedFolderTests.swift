import Glibc
import Testing

@testable import Compute

/// Changes one file of a model's folder, drawn from a seeded generator.
private struct Mutation {
    var random: SeededGenerator

    /// Values that are likely to be mistaken for others.
    private static let values = [
        "0", "-1", "1", "3", "1e308", "-0.0", "1e-400", "9223372036854775807", "18446744073709551616", "4194305", "0.5",
        "16777216", "true", "null", "\"\"", "\"x\"", "[]", "{}", "[1,2]", "[[[[[[]]]]]]", #"{"a":1}"#, "1e", "NaN",
        #""\ud800""#, "\"\u{e9}\"", "4294967296", "[0,18446744073709551615]", #"["a"]"#,
    ].map { Array($0.utf8) }

    mutating func below(_ count: Int) -> Int { Int(random.next() % UInt64(max(1, count))) }

    /// The bytes with one to three changes; `text` is the part that is JSON.
    mutating func changed(_ bytes: [UInt8], text: Range<Int>) -> [UInt8] {
        var bytes = bytes
        for _ in 0...below(3) {
            switch below(6) {
            case 0: if !bytes.isEmpty { bytes[below(bytes.count)] ^= 1 << UInt8(below(8)) }
            case 1:
                if !bytes.isEmpty {
                    bytes[text.lowerBound + below(min(text.count, bytes.count - text.lowerBound))] = UInt8(below(256))
                }
            case 2: bytes.removeLast(below(bytes.count))
            case 3:
                let start = below(bytes.count)
                bytes.removeSubrange(start..<min(bytes.count, start + 1 + below(9)))
            case 4: bytes.append(contentsOf: repeatElement(UInt8(below(256)), count: 1 + below(9)))
            default: swapValue(&bytes, in: text)
            }
        }
        return bytes
    }

    /// Puts another value behind a colon.
    private mutating func swapValue(_ bytes: inout [UInt8], in text: Range<Int>) {
        let part = text.clamped(to: bytes.indices)
        let colons = part.filter { bytes[$0] == UInt8(ascii: ":") }
        guard !colons.isEmpty else { return }
        let start = colons[below(colons.count)] + 1
        var end = start, depth = 0
        while end < part.upperBound, depth > 0 || !",}\n".utf8.contains(bytes[end]) {
            if "[{".utf8.contains(bytes[end]) { depth += 1 }
            if "]}".utf8.contains(bytes[end]) { depth -= 1 }
            end += 1
        }
        bytes.replaceSubrange(start..<end, with: Self.values[below(Self.values.count)])
    }
}

@Suite struct `Mutated folders` {
    /// Names that a refusal must hold one of: a file, and in it a key, a tensor, a place or the header.
    private static let files = ["config.json", "model.safetensors", "model-"]

    private static func isExplained(_ error: ComputeError, keys: [String]) -> Bool {
        let text = error.summary + "\n" + error.detail
        let places =
            keys + [
                "at byte", "tensor", "header", "last tensor", "weight_map", "__metadata__", "is not a JSON object",
                "No such file", "first 8", "ends inside", "data bytes",
            ]
        let sizes = [
            "vocabularySize", "contextLength", "width", "layers", "heads", "headWidth", "mlpWidth", "Epsilon",
            "dropout",
        ]
        return files.contains { text.contains($0) } && (places + sizes).contains { text.contains($0) }
            && error.hint?.isEmpty == false
    }

    @Test(arguments: [
        (ExternalFolder.gpt2, "config.json", 100), (ExternalFolder.llama, "config.json", 125),
        (ExternalFolder.qwen2, "config.json", 125), (ExternalFolder.gpt2, "model.safetensors", 125),
        (ExternalFolder.llama, "model.safetensors", 125), (ExternalFolder.llama, "model.safetensors.index.json", 250),
        (ExternalFolder.llama, "model-00002-of-00002.safetensors", 150),
    ])
    func `a changed file is refused with file and key, or is a whole model`(
        spec: ModelSpec, name: String, count: Int,
    ) throws {
        var mutation = Mutation(random: SeededGenerator(seed: UInt64(count)))
        let folder = try whole(spec, isSharded: name.hasPrefix("model-") || name.hasSuffix("index.json"))
        let path = folder.scratch.path + "/" + name
        let bytes = try ScratchFolder.read(path)
        let isJSON = name.hasSuffix(".json")
        let text = isJSON ? bytes.indices : 8..<bytes.count - 4 * folder.table.count / 8
        let keys = try JSONParser.parse(ScratchFolder.read(folder.scratch.path + "/config.json")).asMembers?.map(\.name)
        var refused = 0
        for number in 0..<count {
            let changed = mutation.changed(bytes, text: text)
            try ScratchFolder.overwriteUnsynced(path, with: changed)
            do {
                let read = try folder.read()
                #expect(read.weights.allSatisfy { $0.isFinite }, "\(number)")
                #expect(read.weights.count <= 4 * folder.weights.count, "\(number)")
            } catch {
                refused += 1
                let error = try #require(error as? ComputeError)
                #expect(Self.isExplained(error, keys: keys ?? []), "\(number): \(error.summary) | \(error.detail)")
            }
        }
        // Most changes break something; a few only change a name in the metadata or a weight.
        #expect(refused > count / 3, "\(refused) of \(count)")
    }

    private func whole(_ spec: ModelSpec, isSharded: Bool) throws -> ExternalFolder {
        let folder = try ExternalFolder(spec)
        let tensors = folder.tensors
        if isSharded {
            let half = tensors.count / 2
            try folder.write(shards: [
                ("model-00001-of-00002.safetensors", Array(tensors[..<half])),
                ("model-00002-of-00002.safetensors", Array(tensors[half...])),
            ])
        } else {
            try folder.write(tensors)
        }
        #expect(try folder.read().weights == Array(folder.weights.floats))
        return folder
    }
}

extension ScratchFolder {
    /// Replaces a file's bytes without waiting for the disk.
    fileprivate static func overwriteUnsynced(_ path: String, with bytes: [UInt8]) throws {
        let files = SystemFiles()
        let descriptor = try files.create(path)
        defer { close(descriptor) }
        try bytes.withBytes { (buffer) throws(FileFault) in try files.write(buffer, to: descriptor, path: path) }
    }
}
