import Foundation
import Glibc
package import Protocol
import Yams

/// Configuration files: YAML mappings whose nesting spells dotted keys. Values are data, never evaluated.
package enum SettingsFile {
    /// One `key: value` of a file with the line it stands on.
    struct Entry: Equatable {
        var path: String
        var text: String
        var place: String
    }

    /// The key that names a file whose values come first, relative to the file that names it.
    static let inheritanceKey = "_base_"
    private static let deepestInheritance = 8
    private static let largestFile = 1 << 20
    /// Aliases can make a small file stand for more keys than any memory holds.
    private static let mostKeys = 10_000

    /// Sets everything the file at `path` says, after what its `_base_` says.
    package static func apply(_ path: String, to settings: inout Settings) throws(ConfigurationError) {
        for entry in try entries(of: settings.expand(path), depth: 0) {
            try settings.set(entry.path, to: entry.text, at: entry.place)
        }
    }

    private static func entries(of path: String, depth: Int) throws(ConfigurationError) -> [Entry] {
        guard depth < deepestInheritance else {
            throw ConfigurationError(
                .malformedFile, "\(path): \(inheritanceKey) leads through more than \(deepestInheritance) files",
                detail: "Probably the files name each other in a circle.")
        }
        let own = try parse(try read(path), name: path)
        let base = own.first { $0.path == inheritanceKey }
        let rest = own.filter { $0.path != inheritanceKey }
        guard let base else { return rest }
        let folder = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
        let basePath = base.text.hasPrefix("/") ? base.text : "\(folder)/\(base.text)"
        return try entries(of: basePath, depth: depth + 1) + rest
    }

    private static func read(_ path: String) throws(ConfigurationError) -> String {
        do {
            let data = try Data(contentsOf: URL(filePath: path))
            guard data.count <= largestFile else {
                throw ConfigurationError(
                    .unreadableFile, "\(path) is too large for a configuration: \(data.count) bytes")
            }
            guard let text = String(data: data, encoding: .utf8) else {
                throw ConfigurationError(.unreadableFile, "\(path) is not UTF-8 text")
            }
            return text
        } catch let error as ConfigurationError {
            throw error
        } catch {
            throw ConfigurationError(
                .unreadableFile, "the configuration \(path) cannot be read",
                detail: reason(path) ?? (error as NSError).localizedDescription)
        }
    }

    /// Why a path that is there is no file that can be read: what it is, or what the system says.
    private static func reason(_ path: String) -> String? {
        var information = stat()
        guard stat(path, &information) == 0 else { return String(cString: strerror(errno)) }
        return switch information.st_mode & S_IFMT {
        case S_IFDIR: "It is a folder."
        case S_IFCHR, S_IFBLK: "It is a device."
        case S_IFSOCK: "It is a socket."
        default: access(path, R_OK) == 0 ? nil : String(cString: strerror(errno))
        }
    }

    /// The entries of a YAML text, nested keys joined by dots. `name` stands in messages.
    static func parse(_ text: String, name: String) throws(ConfigurationError) -> [Entry] {
        let root: Node?
        do {
            root = try Yams.compose(yaml: text)
        } catch let YamlError.duplicatedKeysInMapping(keys, context) {
            throw ConfigurationError(
                .malformedFile,
                "\(name):\(context.mark.line): '\(keys.first ?? "")' is set here and again below, in the same mapping",
                hint: "leave out one of the two")
        } catch {
            throw ConfigurationError(.malformedFile, "\(name) is not valid YAML", detail: "\(error)")
        }
        guard let root, root.scalar.map(isNull) != true else { return [] }
        guard let mapping = root.mapping else {
            throw ConfigurationError(
                .malformedFile, "\(name) must hold 'key: value' lines, not a list or a single value")
        }
        var entries: [Entry] = []
        var keysLeft = mostKeys
        try collect(mapping, prefix: "", name: name, into: &entries, keysLeft: &keysLeft)
        try refuseRepetition(in: entries)
        return entries
    }

    /// A key that is dotted in one place and nested in another is no repetition to YAML.
    private static func refuseRepetition(in entries: [Entry]) throws(ConfigurationError) {
        var places: [String: String] = [:]
        for entry in entries {
            guard let first = places.updateValue(entry.place, forKey: entry.path) else { continue }
            throw ConfigurationError(
                .malformedFile, "\(entry.place): '\(entry.path)' is set a second time, \(first) has set it already",
                hint: "leave out one of the two")
        }
    }

    private static func isNull(_ scalar: Node.Scalar) -> Bool {
        scalar.style == .plain && ["", "~", "null"].contains(scalar.string)
    }

    private static func collect(
        _ mapping: Node.Mapping, prefix: String, name: String, into entries: inout [Entry], keysLeft: inout Int
    ) throws(ConfigurationError) {
        for (key, value) in mapping {
            keysLeft -= 1
            guard keysLeft >= 0 else {
                throw ConfigurationError(.malformedFile, "\(name) holds more than \(mostKeys) keys")
            }
            let place = "\(name):\(key.mark?.line ?? value.mark?.line ?? 1)"
            guard let word = key.scalar?.string else {
                throw ConfigurationError(.malformedFile, "\(place): a key must be a word")
            }
            let path = prefix + word
            if let nested = value.mapping {
                try collect(nested, prefix: "\(path).", name: name, into: &entries, keysLeft: &keysLeft)
            } else if let scalar = value.scalar {
                entries.append(Entry(path: path, text: isNull(scalar) ? "" : scalar.string, place: place))
            } else {
                throw ConfigurationError(.malformedFile, "\(place): '\(path)' is a list; no setting takes one")
            }
        }
    }

    /// The resolved settings as a file that `apply` reads back to the same values. Those in whose place another speaks
    /// are left out, so that the file may begin another trial.
    /// - Parameter home: paths under it are written relative to it, so that a home that was moved still has its trials.
    package static func text(of settings: Settings, title: String, home: HomeFolder? = nil) -> String {
        var lines = ["# \(title)", "# Resolved and frozen when the trial was first started."]
        var group = ""
        let shown = settings.definitions.filter { !settings.isReplaced($0) }
        for definition in shown.sorted(by: { isBefore($0.path, $1.path) }) {
            let parts = definition.path.split(separator: ".", maxSplits: 1).map(String.init)
            let value = quoted(movable(settings[definition.path], definition.kind, home: home))
            if parts.count == 2 {
                if parts[0] != group { lines.append("\(parts[0]):") }
                group = parts[0]
                lines.append("  \(parts[1]): \(value)")
            } else {
                group = ""
                lines.append("\(parts[0]): \(value)")
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// Keys without a group first, then group by group.
    private static func isBefore(_ left: String, _ right: String) -> Bool {
        (left.contains(".") ? 1 : 0, left) < (right.contains(".") ? 1 : 0, right)
    }

    private static func movable(_ value: SettingValue, _ kind: SettingKind, home: HomeFolder?) -> SettingValue {
        guard kind == .path, let home, case .text(let path) = value, path.hasPrefix("\(home.path)/") else {
            return value
        }
        return .text(PathExpansion.homePrefix + path.dropFirst(home.path.count + 1))
    }

    private static func quoted(_ value: SettingValue) -> String {
        guard case .text(let text) = value else { return value.description }
        var escaped = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": escaped += "\\\""
            case "\\": escaped += "\\\\"
            case "\n": escaped += "\\n"
            case "\t": escaped += "\\t"
            case _ where needsNumber(scalar):
                let digits = String(scalar.value, radix: 16)
                escaped += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return "\"\(escaped)\""
    }

    /// Control characters, and what YAML takes for the end of a line or for no text at all.
    private static func needsNumber(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0..<0x20, 0x7f..<0xa0, 0x2028, 0x2029, 0xfeff, 0xfffe, 0xffff: true
        default: false
        }
    }
}
