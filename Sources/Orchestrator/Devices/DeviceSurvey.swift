import Protocol

/// What this machine has, in words, for `doctor`.
package enum DeviceSurvey {
    /// The GPUs by name, or that there is none, which is a normal answer.
    package static func gpus() -> String {
        let names = GPUSampler().sample(time: 0).map(\.name)
        return names.isEmpty ? "no GPU found" : names.joined(separator: ", ")
    }
}
