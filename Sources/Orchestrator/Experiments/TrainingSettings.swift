import Protocol
import Workers

extension CommonSettings {
    /// The settings of what trains, under `group`: its optimizer, how its model is run, and how a batch is cut.
    static func training(_ group: String) -> [Setting] {
        OptimizerArguments.declared.settings(under: group) + ModelArguments.declared.settings(under: group)
            + microBatches(group)
    }

    private static func microBatches(_ group: String) -> [Setting] {
        [
            Setting(
                "\(group).n_mbs", .integer(1...65_536), default: .integer(1),
                "micro-batches an update is cut into, at least; as many sequences as there are, at most"),
            Setting(
                "\(group).max_tokens_per_mb", .integer(0...1_000_000_000), default: .integer(0),
                "tokens of a micro-batch, at most; 0: no limit"),
        ]
    }
}

extension Settings {
    func optimizer(_ group: String) -> GivenArguments { arguments(OptimizerArguments.declared, under: group) }
    func modelOptions(_ group: String) -> GivenArguments { arguments(ModelArguments.declared, under: group) }

    /// How the update of a call is cut.
    func microBatches(_ group: String) -> MicroBatchSpec {
        let most = integer("\(group).max_tokens_per_mb")
        return MicroBatchSpec(minimumCount: integer("\(group).n_mbs"), maximumTokens: most == 0 ? nil : most)
    }
}
