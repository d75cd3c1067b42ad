import Compute

/// The sizes of a model by the settings that give them.
enum SizeNames {
    private static let settings = [
        "width": "model.width", "layers": "model.layers", "heads": "model.heads",
        "keyValueHeads": "model.key_value_heads", "headWidth": "model.width / model.heads =",
        "mlpWidth": "model.mlp_width", "contextLength": "model.context",
    ]

    /// An error about a model of the settings, in their words.
    static func asSettings(_ error: ComputeError) -> ComputeError {
        let words = error.detail.split(separator: " ", omittingEmptySubsequences: false).map { word in
            settings[String(word)] ?? String(word)
        }
        return ComputeError(
            error.code, summary: error.summary, detail: words.joined(separator: " "),
            hint: "Correct the settings that begin with model.")
    }
}
