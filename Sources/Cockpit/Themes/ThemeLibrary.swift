import Glibc
import Protocol

/// Finds and loads themes by name or by path.
struct ThemeLibrary: Sendable {
    /// Folders to look in; the first one that has the name wins.
    let folders: [String]

    static let fileEnding = ".theme"

    /// The user's own folder, then the folder that came with the program.
    ///
    /// The shipped folder is `$COCKPIT_THEMES`, or `themes` beside the executable, in its share folder, or above it
    /// in a source checkout.
    static func searching(environment: [String: String], executable: String) -> ThemeLibrary {
        var folders: [String] = []
        if let config = environment["XDG_CONFIG_HOME"], !config.isEmpty {
            folders.append(config + "/cockpit/themes")
        } else if let home = environment["HOME"], !home.isEmpty {
            folders.append(home + "/.config/cockpit/themes")
        }
        if let shipped = environment["COCKPIT_THEMES"], !shipped.isEmpty { folders.append(shipped) }
        var folder = parent(of: executable)
        folders.append(folder + "/themes")
        folders.append(parent(of: folder) + "/share/cockpit/themes")
        for _ in 0..<4 {
            folder = parent(of: folder)
            folders.append(folder + "/themes")
        }
        return ThemeLibrary(folders: folders)
    }

    /// The theme of that name, or of that file when the name has a slash or the ending.
    ///
    /// The default is compiled in: a lost folder is no failure.
    func theme(named name: String) throws(ThemeError) -> Theme {
        try load(name, ancestors: [])
    }

    /// The names that `theme(named:)` finds, sorted, each once.
    var names: [String] {
        var names: Set<String> = [Theme.defaultDarkName]
        for folder in folders {
            for file in (FolderListing.names(in: folder) ?? []) where file.hasSuffix(Self.fileEnding) {
                names.insert(String(file.dropLast(Self.fileEnding.count)))
            }
        }
        return names.sorted()
    }

    private func load(_ name: String, ancestors: [String]) throws(ThemeError) -> Theme {
        guard !ancestors.contains(name) else {
            throw ThemeError(
                code: .inheritanceCycle, file: ancestors[0], line: 0,
                message: "inherits itself: \((ancestors + [name]).joined(separator: " → "))")
        }
        guard let (path, text) = try source(of: name) else {
            if name == Theme.defaultDarkName { return .defaultDark }
            throw notFound(name)
        }
        return try ThemeParser.parse(text, file: path) { (parent) throws(ThemeError) in
            try load(parent, ancestors: ancestors + [name])
        }
    }

    private func source(of name: String) throws(ThemeError) -> (path: String, text: String)? {
        if name.contains("/") || name.hasSuffix(Self.fileEnding) {
            return (name, try Self.contents(of: name))
        }
        for folder in folders {
            let path = "\(folder)/\(name)\(Self.fileEnding)"
            if access(path, F_OK) == 0 { return (path, try Self.contents(of: path)) }
        }
        return nil
    }

    private func notFound(_ name: String) -> ThemeError {
        let suggestion = Suggestion.closest(to: name, among: names).map { "Did you mean '\($0)'?" }
        return ThemeError(
            code: .notFound, file: name, line: 0, message: "no theme of this name",
            hint: suggestion ?? "Known themes: \(names.joined(separator: ", "))")
    }

    // MARK: - Files

    /// Themes are small; a limit keeps a wrong path (a device, a log) from filling memory.
    private static let sizeLimit = 256 * 1024

    private static func contents(of path: String) throws(ThemeError) -> String {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw unreadable(path, errno) }
        defer { close(file) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 16 * 1024)
        while bytes.count <= sizeLimit {
            let count = read(file, &chunk, chunk.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw unreadable(path, errno) }
            if count == 0 { return String(decoding: bytes, as: UTF8.self) }
            bytes += chunk[..<count]
        }
        throw ThemeError(code: .unreadable, file: path, line: 0, message: "too large to be a theme")
    }

    private static func unreadable(_ path: String, _ code: Int32) -> ThemeError {
        ThemeError(code: .unreadable, file: path, line: 0, message: String(cString: strerror(code)))
    }

    private static func parent(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/"), slash != path.startIndex else { return "" }
        return String(path[..<slash])
    }
}
