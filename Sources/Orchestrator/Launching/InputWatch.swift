import Glibc
import Protocol

/// Notices between two attempts that a file which the trial reads is another one now: each attempt reads models'
/// folders anew, and what does not train comes from nowhere else.
struct InputWatch {
    private struct Stamp: Equatable {
        let inode: UInt64
        let bytes: Int64
        let seconds: Int
        let nanoseconds: Int
    }

    private let inputs: FrozenInputs
    private let plan: TrialPlan
    private let home: HomeFolder
    private let stamps: [String: Stamp]

    /// - Parameter inputs: what the files of `plan` are now.
    init(_ inputs: FrozenInputs, of plan: TrialPlan, home: HomeFolder) {
        self.inputs = inputs
        self.plan = plan
        self.home = home
        stamps = Self.stamps(of: plan)
    }

    /// What has changed since this was made, one sentence a file. Looks at content only where a file was touched.
    func changes() -> [String] {
        Self.stamps(of: plan) == stamps ? [] : inputs.changes(to: FrozenInputs(of: plan, home: home))
    }

    private static func stamps(of plan: TrialPlan) -> [String: Stamp] {
        let stamps = FrozenInputs.paths(of: plan).compactMap { path -> (String, Stamp)? in
            var information = stat()
            guard stat(path, &information) == 0 else { return nil }
            let time = information.st_mtim
            return (
                path,
                Stamp(
                    inode: UInt64(information.st_ino), bytes: Int64(information.st_size), seconds: time.tv_sec,
                    nanoseconds: time.tv_nsec)
            )
        }
        return Dictionary(stamps) { first, _ in first }
    }
}
