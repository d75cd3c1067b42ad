import Protocol

/// What a path that a person has begun becomes, given the names in its folder. Pure.
struct PathCompletion: Equatable, Sendable {
    /// The path as far as the names agree.
    let text: String
    /// The names that fit where there are several; a folder's ends in `/`.
    let candidates: [String]
    /// Whether another try would lead no further.
    let isFinal: Bool

    init(_ path: String, names: [String]) {
        let folder = Self.folder(of: path), begun = String(path.dropFirst(folder.count))
        let fitting = names.filter { $0.hasPrefix(begun) && (!$0.hasPrefix(".") || begun.hasPrefix(".")) }
        guard let first = fitting.first else {
            self.init(text: path, candidates: [], isFinal: true)
            return
        }
        let common = fitting.dropFirst().reduce(first) { String(zip($0, $1).prefix { $0 == $1 }.map(\.0)) }
        let text = folder + common
        let isFolder = fitting.count == 1 && common.hasSuffix("/")
        self.init(text: text, candidates: fitting.count > 1 ? fitting : [], isFinal: text == path || !isFolder)
    }

    private init(text: String, candidates: [String], isFinal: Bool) {
        self.text = text
        self.candidates = candidates
        self.isFinal = isFinal
    }

    /// What stands before the last name, with its `/`; empty for a name alone.
    static func folder(of path: String) -> String {
        path.lastIndex(of: "/").map { String(path[...$0]) } ?? ""
    }
}

extension LaunchForm {
    /// Whether tab completes what is being typed; where nothing is to be gained it goes on to the next field.
    func wantsCompletion(of text: String) -> Bool {
        guard case .setting(let path) = focusedRow, setting(path)?.kind == .path, !text.isEmpty else { return false }
        return completion?.text != text || completion?.isFinal == false
    }
}
