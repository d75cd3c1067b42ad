/// The list of a checkpoint's files with size and CRC-32: what `manifest.json`, written last, promises about the rest.
package struct CheckpointManifest: Sendable, Equatable {
    /// Size and checksum of one file.
    package struct Entry: Sendable, Equatable {
        package let size: Int
        package let checksum: UInt32

        package init(size: Int, checksum: UInt32) {
            self.size = size
            self.checksum = checksum
        }
    }

    package static let fileName = "manifest.json"
    /// Files by name.
    package var files: [String: Entry]

    package init(files: [String: Entry] = [:]) {
        self.files = files
    }
}

extension CheckpointManifest {
    /// The text of `manifest.json`.
    package var json: JSONValue {
        let entries = files.sorted { $0.key < $1.key }.map { name, entry in
            JSONMember(
                name,
                .object([
                    JSONMember("size", .integer(entry.size)),
                    JSONMember("crc32", .integer(entry.checksum)),
                ]))
        }
        return .object([JSONMember("version", .integer(1)), JSONMember("files", .object(entries))])
    }

    /// Reads what `json` wrote; `path` is named in errors.
    package init(json text: [UInt8], path: String) throws(ComputeError) {
        let root: JSONValue
        do { root = try JSONParser.parse(text) } catch { throw ComputeError.damaged(path, error.text) }
        guard root["version"]?.asInt == 1, let members = root["files"]?.asMembers else {
            throw ComputeError.damaged(path, "is not a manifest of version 1")
        }
        files = [:]
        for member in members {
            // A name is a file beside the manifest, never a way out of the folder.
            guard !member.name.contains("/"), member.name != "..", let size = member.value["size"]?.asInt, size >= 0,
                let checksum = member.value["crc32"]?.asUInt64.flatMap(UInt32.init(exactly:))
            else { throw ComputeError.damaged(path, "entry '\(member.name)' has no size and crc32") }
            files[member.name] = Entry(size: size, checksum: checksum)
        }
    }

    /// Checks every listed file in `folder` against its size, then its checksum.
    package func verify(folder: String) throws(ComputeError) {
        for (name, entry) in files.sorted(by: { $0.key < $1.key }) {
            let path = folder + "/" + name
            let file = try ReadableFile.open(path)
            guard file.size == entry.size else {
                throw ComputeError.damaged(path, "has \(file.size) bytes, the manifest says \(entry.size)")
            }
            guard try file.checksum() == entry.checksum else {
                throw ComputeError.damaged(path, "does not match the checksum in the manifest")
            }
        }
    }
}
