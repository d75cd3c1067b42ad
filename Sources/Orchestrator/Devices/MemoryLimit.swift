import Foundation

/// How often the kernel has killed a process of this one's control group for want of memory.
struct MemoryLimit {
    private let root: String
    private let own: String

    /// - Parameters:
    ///   - root: where the control groups are mounted.
    ///   - membership: the text of /proc/self/cgroup.
    init(root: String = "/sys/fs/cgroup", membership: String? = nil) {
        self.root = root
        own = membership ?? (try? String(contentsOfFile: "/proc/self/cgroup", encoding: .utf8)) ?? ""
    }

    /// nil where the system does not say.
    var kills: Int? {
        for line in own.split(separator: "\n") {
            let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard parts.count == 3 else { continue }
            let isUnified = parts[1].isEmpty, isMemory = parts[1].split(separator: ",").contains("memory")
            guard isUnified || isMemory else { continue }
            let base = isUnified ? root : "\(root)/memory"
            let file = isUnified ? "memory.events" : "memory.oom_control"
            // In a container the path is the host's, and the group itself is what is mounted.
            for folder in ["\(base)\(parts[2])", base] {
                guard let text = try? String(contentsOfFile: "\(folder)/\(file)", encoding: .utf8) else { continue }
                if let count = Self.count(in: text) { return count }
            }
        }
        return nil
    }

    static func count(in text: String) -> Int? {
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ")
            if words.count == 2, words[0] == "oom_kill" { return Int(words[1]) }
        }
        return nil
    }
}
