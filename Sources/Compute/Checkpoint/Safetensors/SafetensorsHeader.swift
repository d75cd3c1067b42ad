/// Where one tensor lies in a safetensors file.
package struct SafetensorsEntry: Sendable, Equatable {
    package let name: String
    package let type: TensorType
    package let shape: [Int]
    /// Byte range relative to the first data byte.
    package let bytes: Range<Int>

    /// Number of elements.
    package var count: Int { bytes.count / type.byteWidth }
}

/// The checked header of a safetensors file: entries in data order, without holes, overlaps or bytes left over.
package struct SafetensorsHeader: Sendable, Equatable {
    /// Tensors by rising data offset.
    package let entries: [SafetensorsEntry]
    /// The optional `__metadata__` map.
    package let metadata: [String: String]
    /// File offset of the first data byte.
    package let dataStart: Int

    /// Header lengths beyond this are refused, as in the reference implementation.
    package static let longestHeader = 100_000_000
    /// Bytes of the length field before the header.
    package static let prefixLength = 8

    /// Why a header is refused, and the tensor it concerns.
    package struct Fault: Error, Equatable {
        package let tensor: String?
        package let reason: String

        /// The fault as one phrase.
        package var text: String { tensor.map { "tensor '\($0)': \(reason)" } ?? reason }
    }
}

extension SafetensorsHeader {
    /// The header length that the first eight bytes announce, checked against the size of the file.
    package static func length(prefix: [UInt8], fileSize: Int) throws(Fault) -> Int {
        guard prefix.count == prefixLength, fileSize >= prefixLength else {
            throw Fault(tensor: nil, reason: "the file ends inside the 8-byte header length")
        }
        let announced = prefix.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        guard announced <= UInt64(longestHeader) else {
            throw Fault(tensor: nil, reason: "header of \(announced) bytes is larger than \(longestHeader)")
        }
        let length = Int(announced)
        guard length <= fileSize - prefixLength else {
            throw Fault(tensor: nil, reason: "the file ends inside its header of \(length) bytes")
        }
        return length
    }

    /// Parses and checks the header text of a file of `fileSize` bytes.
    package init(text: [UInt8], fileSize: Int) throws(Fault) {
        guard text.first == UInt8(ascii: "{") else {
            throw Fault(tensor: nil, reason: "header does not begin with '{'")
        }
        let root: JSONValue
        do { root = try JSONParser.parse(text) } catch { throw Fault(tensor: nil, reason: "header: \(error.text)") }
        var entries: [SafetensorsEntry] = []
        var metadata: [String: String] = [:]
        for member in root.asMembers ?? [] {
            guard member.name != "__metadata__" else {
                guard let map = member.value.asStringMap else {
                    throw Fault(tensor: nil, reason: "__metadata__ is not a map of strings")
                }
                metadata = map
                continue
            }
            entries.append(try Self.entry(member))
        }
        entries.sort { ($0.bytes.lowerBound, $0.bytes.upperBound) < ($1.bytes.lowerBound, $1.bytes.upperBound) }
        dataStart = Self.prefixLength + text.count
        try Self.checkContiguous(entries, dataSize: fileSize - dataStart)
        self.entries = entries
        self.metadata = metadata
    }

    /// The entry of that name.
    package func entry(named name: String) -> SafetensorsEntry? { entries.first { $0.name == name } }

    private static func entry(_ member: JSONMember) throws(Fault) -> SafetensorsEntry {
        func fault(_ reason: String) -> Fault { Fault(tensor: member.name, reason: reason) }
        guard member.value.asMembers != nil else { throw fault("is not an object") }
        guard let spelling = member.value["dtype"]?.asString else { throw fault("has no dtype") }
        guard let type = TensorType(rawValue: spelling) else { throw fault("unknown dtype '\(spelling)'") }
        guard let shape = naturals(member.value["shape"]) else { throw fault("shape is not a list of sizes") }
        // A longer list is damage, and no message should have to quote it.
        guard shape.count <= mostDimensions else {
            throw fault("shape has \(shape.count) sizes; a tensor has at most \(mostDimensions)")
        }
        guard let offsets = naturals(member.value["data_offsets"]), offsets.count == 2 else {
            throw fault("data_offsets is not a pair of offsets")
        }
        guard offsets[0] <= offsets[1] else { throw fault("data_offsets run backwards") }
        guard let size = byteSize(shape, type) else { throw fault("shape \(shape) is larger than any file") }
        guard size == offsets[1] - offsets[0] else {
            throw fault(
                "shape \(shape) of \(spelling) needs \(size) bytes, data_offsets span \(offsets[1] - offsets[0])")
        }
        return SafetensorsEntry(name: member.name, type: type, shape: shape, bytes: offsets[0]..<offsets[1])
    }

    /// What PyTorch allows.
    private static let mostDimensions = 64

    private static func naturals(_ value: JSONValue?) -> [Int]? {
        guard let elements = value?.asArray else { return nil }
        let numbers = elements.compactMap { element in element.asInt.flatMap { $0 >= 0 ? $0 : nil } }
        return numbers.count == elements.count ? numbers : nil
    }

    private static func byteSize(_ shape: [Int], _ type: TensorType) -> Int? {
        var size = type.byteWidth
        for length in shape {
            let (product, overflow) = size.multipliedReportingOverflow(by: length)
            guard !overflow else { return nil }
            size = product
        }
        return size
    }

    private static func checkContiguous(_ entries: [SafetensorsEntry], dataSize: Int) throws(Fault) {
        var end = 0
        for entry in entries {
            guard entry.bytes.lowerBound >= end else {
                throw Fault(
                    tensor: entry.name, reason: "overlaps the tensor before it at byte \(entry.bytes.lowerBound)")
            }
            guard entry.bytes.lowerBound == end else {
                throw Fault(
                    tensor: entry.name, reason: "leaves a hole of \(entry.bytes.lowerBound - end) bytes before it")
            }
            guard entry.bytes.upperBound <= dataSize else {
                throw Fault(
                    tensor: entry.name, reason: "ends at byte \(entry.bytes.upperBound) of \(dataSize) data bytes")
            }
            end = entry.bytes.upperBound
        }
        guard end == dataSize else {
            throw Fault(tensor: nil, reason: "\(dataSize - end) bytes after the last tensor belong to none")
        }
    }
}

// MARK: - Writing

extension SafetensorsHeader {
    /// The length field and header text for tensors of one type laid one after another, padded with spaces to 8 bytes.
    package static func encode(
        _ tensors: [(name: String, shape: [Int])], type: TensorType = .float32, metadata: [String: String],
    ) -> [UInt8] {
        var members: [JSONMember] = []
        if !metadata.isEmpty { members.append(JSONMember("__metadata__", .map(metadata))) }
        var offset = 0
        for tensor in tensors {
            let size = tensor.shape.reduce(type.byteWidth, *)
            members.append(
                JSONMember(
                    tensor.name,
                    .object([
                        JSONMember("dtype", .string(type.rawValue)),
                        JSONMember("shape", .array(tensor.shape.map { .integer($0) })),
                        JSONMember("data_offsets", .array([.integer(offset), .integer(offset + size)])),
                    ])))
            offset += size
        }
        var text = Array(JSONValue.object(members).compactText.utf8)
        text.append(contentsOf: repeatElement(0x20, count: (8 - text.count % 8) % 8))
        let length = UInt64(text.count)
        return (0..<8).map { UInt8(truncatingIfNeeded: length >> ($0 * 8)) } + text
    }
}
