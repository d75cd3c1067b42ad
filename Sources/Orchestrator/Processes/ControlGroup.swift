import Foundation

/// What the control groups of this process let it use: the limits of a container, a Slurm job or a systemd unit.
///
/// A limit holds for everything below the group that sets it, so the least on the way up counts. Versions 1 and 2 of
/// control groups are read, also side by side.
package struct ControlGroup: Sendable, Equatable {
    /// Processor seconds a second; nil without a limit.
    package private(set) var processors: Double?
    /// Bytes; nil without a limit.
    package private(set) var memory: Int?

    package init(processors: Double? = nil, memory: Int? = nil) {
        self.processors = processors
        self.memory = memory
    }

    /// Whole threads that its processor time keeps busy, of those that may run at all: rounded down, since a thread that
    /// has to wait for its share of time is waited for by all others. At least one.
    package func threads(of cores: Int) -> Int {
        guard let processors, processors < Double(cores) else { return max(1, cores) }
        return max(1, Int(processors))
    }

    /// Bytes that it may use of a machine's.
    package func memory(of machine: Int) -> Int {
        guard let memory else { return machine }
        return machine > 0 ? min(machine, memory) : memory
    }

    /// This process's.
    package static var current: ControlGroup {
        ControlGroup { path in
            guard let data = FileManager.default.contents(atPath: path) else { return nil }
            return String(decoding: data, as: UTF8.self)
        }
    }
}

extension ControlGroup {
    /// One hierarchy: where it is mounted, what of it, and where in it this process is.
    private struct Place {
        let mount: String
        let root: String
        let group: String

        /// The folders from this process's group up to the mount. In a container the group may be named as the host sees
        /// it, while only what is below `root` is mounted.
        var folders: [String] {
            var inside = group
            if root != "/", inside == root || inside.hasPrefix(root + "/") {
                inside = String(inside.dropFirst(root.count))
            }
            var folders = [mount], path = mount
            for name in inside.split(separator: "/") where name != ".." {
                path += "/\(name)"
                folders.append(path)
            }
            return folders
        }
    }

    /// - Parameter read: the text of a file; nil where there is none.
    init(read: (String) -> String?) {
        let groups = Self.groups(read("/proc/self/cgroup") ?? "")
        for mount in Self.mounts(read("/proc/self/mountinfo") ?? "") {
            for controller in mount.controllers {
                guard let group = groups[controller] else { continue }
                let place = Place(mount: mount.path, root: mount.root, group: group)
                for folder in place.folders { take(controller, folder, read) }
            }
        }
    }

    private mutating func take(_ controller: String, _ folder: String, _ read: (String) -> String?) {
        func number(_ name: String) -> Int? {
            read("\(folder)/\(name)").flatMap { Int($0.trimmingCharacters(in: .whitespacesAndNewlines)) }
        }
        if controller.isEmpty {
            let words = (read("\(folder)/cpu.max") ?? "").split(whereSeparator: \.isWhitespace)
            if words.count == 2 { limitProcessors(Int(words[0]), Int(words[1])) }
            limitMemory(number("memory.max"))
        }
        if controller == "cpu" { limitProcessors(number("cpu.cfs_quota_us"), number("cpu.cfs_period_us")) }
        if controller == "memory" { limitMemory(number("memory.limit_in_bytes")) }
    }

    private mutating func limitProcessors(_ quota: Int?, _ period: Int?) {
        guard let quota, let period, quota > 0, period > 0 else { return }
        let share = Double(quota) / Double(period)
        processors = min(processors ?? share, share)
    }

    /// Version 1 writes a number near the largest where there is no limit.
    private mutating func limitMemory(_ bytes: Int?) {
        guard let bytes, bytes > 0, bytes < 1 << 60 else { return }
        memory = min(memory ?? bytes, bytes)
    }

    /// The group of each controller; version 2, which has one for all, is that of "".
    private static func groups(_ text: String) -> [String: String] {
        var groups: [String: String] = [:]
        for line in text.split(separator: "\n") {
            let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard parts.count == 3 else { continue }
            for controller in parts[1].split(separator: ",", omittingEmptySubsequences: false) {
                groups[String(controller)] = String(parts[2])
            }
        }
        return groups
    }

    /// Where hierarchies are mounted, with the controllers of each.
    private static func mounts(_ text: String) -> [(path: String, root: String, controllers: [String])] {
        text.split(separator: "\n").compactMap { line in
            let halves = line.split(separator: " - ", maxSplits: 1)
            guard halves.count == 2 else { return nil }
            let before = halves[0].split(separator: " "), after = halves[1].split(separator: " ")
            guard before.count > 4, let kind = after.first else { return nil }
            let path = String(before[4]), root = String(before[3])
            switch kind {
            case "cgroup2": return (path, root, [""])
            case "cgroup":
                let options = (after.last ?? "").split(separator: ",").map(String.init)
                return (path, root, options.filter { $0 == "cpu" || $0 == "memory" })
            default: return nil
            }
        }
    }
}
