import Protocol

/// Notices between two attempts that a file which the trial reads is another one now: each attempt reads models'
/// folders anew, and what does not train comes from nowhere else.
struct InputWatch {
    private let inputs: FrozenInputs
    private let plan: TrialPlan
    private let home: HomeFolder
    private let stamps: [String: FileStamp]

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

    private static func stamps(of plan: TrialPlan) -> [String: FileStamp] {
        Dictionary(FrozenInputs.paths(of: plan).map { ($0, FileStamp($0)) }) { first, _ in first }
    }
}
