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

    /// The hidden folder beside it in which it is written until it is whole.
    package var partial: String { hidden(Ending.partial) }
    /// Where an earlier one of the same step waits until this one is in its place; a name that a person understands.
    package var aside: String { description + Ending.aside }
    /// The hidden name under which it is removed.
    package var doomed: String { hidden(Ending.doomed) }

    private func hidden(_ ending: String) -> String { "\(folder)/.\(name)\(ending)" }

    private enum Ending {
        static let partial = ".partial"
        static let aside = ".replaced"
        static let doomed = ".removed"
    }

    /// A name in a role's folder that no checkpoint has: what a killed process left.
    package enum Leftover: Equatable, Sendable {
        /// Half written or half removed.
        case rubbish
        /// Stepped aside; the name it had.
        case steppedAside(String)

        package init?(_ name: String) {
            if name.hasPrefix(".step-"), name.hasSuffix(Ending.partial) || name.hasSuffix(Ending.doomed) {
                self = .rubbish
            } else if name.hasPrefix("step-"), name.hasSuffix(Ending.aside) {
                self = .steppedAside(String(name.dropLast(Ending.aside.count)))
            } else {
                return nil
            }
        }
    }

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
