/// Where the checkpoint of a step lies in the folder of its role: `FOLDER/step-N`.
package struct CheckpointPath: Sendable, Equatable, CustomStringConvertible {
    /// The folder of the role.
    package let folder: String
    /// Trial-wide.
    package let step: Int

    package init(folder: String, step: Int) {
        self.folder = folder
        self.step = step
    }

    /// nil for a path whose last part is no checkpoint's name.
    package init?(_ path: String) {
        guard let slash = path.lastIndex(of: "/"), let step = Self.step(of: String(path[path.index(after: slash)...]))
        else { return nil }
        self.init(folder: String(path[..<slash]), step: step)
    }

    /// The name of the folder alone.
    package var name: String { "step-\(step)" }
    package var description: String { "\(folder)/\(name)" }

    /// The steps that have a folder in `folder`, whatever is in it.
    package static func steps(in folder: String) -> [Int] {
        (FolderListing.names(in: folder) ?? []).compactMap(step(of:))
    }

    /// nil for a name that is not written as this type writes it: `step-07`, `step--1`, `step-3.invalid`.
    package static func step(of name: String) -> Int? {
        guard name.hasPrefix("step-"), let step = Int(name.dropFirst(5)), step >= 0, name == "step-\(step)" else {
            return nil
        }
        return step
    }
}
