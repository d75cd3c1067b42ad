internal import Protocol

/// `model.safetensors.index.json`: which of several safetensors files has each tensor.
package struct ShardIndex: Sendable, Equatable {
    package static let fileName = ModelFileNames.shardIndex
    /// More files than any model has; each is held open while weights are read.
    private static let mostShards = 512

    /// File names by tensor name.
    package let files: [String: String]

    /// Reads the text; every file name is checked to lie beside the index.
    /// - Throws: `damagedFile` with the tensor and the reason.
    package init(json text: [UInt8], path: String) throws(ComputeError) {
        let root: JSONValue
        do { root = try JSONParser.parse(text) } catch { throw ComputeError.damaged(path, error.text) }
        guard let members = root["weight_map"]?.asMembers, !members.isEmpty else {
            throw ComputeError.damaged(path, "weight_map is missing or empty")
        }
        var files: [String: String] = [:]
        for member in members {
            guard let file = member.value.asString else {
                throw ComputeError.damaged(path, "weight_map: tensor '\(member.name)' has no file name")
            }
            if let fault = Self.fault(inFileName: file) {
                throw ComputeError.damaged(path, "weight_map: tensor '\(member.name)' is in '\(file)', which \(fault)")
            }
            if files.updateValue(file, forKey: member.name) != nil {
                throw ComputeError.damaged(path, "weight_map: tensor '\(member.name)' is listed twice")
            }
        }
        let count = Set(files.values).count
        guard count <= Self.mostShards else {
            throw ComputeError.damaged(path, "weight_map names \(count) files, more than \(Self.mostShards)")
        }
        self.files = files
    }

    /// Why a name is not that of a file beside the index; nil for a usable one.
    private static func fault(inFileName name: String) -> String? {
        if name.utf8.contains(UInt8(ascii: "/")) || name == ".." || name == "." { return "leaves the folder" }
        if name.utf8.contains(where: { $0 < 0x20 }) { return "has a control character" }
        if !name.hasSuffix(".safetensors") || name.utf8.count > 255 { return "is no name of a safetensors file" }
        return nil
    }
}

// MARK: - Writing

extension ShardIndex {
    /// The text for tensors in the order they are written.
    static func json(_ places: [(tensor: String, file: String)], totalSize: Int) -> JSONValue {
        .object([
            JSONMember("metadata", .object([JSONMember("total_size", .integer(totalSize))])),
            JSONMember("weight_map", .object(places.map { JSONMember($0.tensor, .string($0.file)) })),
        ])
    }

    /// The name of the shard of that number, from 1, as `transformers` spells it.
    static func shardName(_ number: Int, of count: Int) -> String {
        func digits(_ value: Int) -> String {
            let text = String(value)
            return String(repeating: "0", count: max(0, 5 - text.count)) + text
        }
        return "model-\(digits(number))-of-\(digits(count)).safetensors"
    }
}
