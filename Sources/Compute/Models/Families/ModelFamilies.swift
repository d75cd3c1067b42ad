internal import Protocol

/// The model families this program knows.
package enum ModelFamilies {
    package static let all: [any ModelFamily] = [
        GPT2Family(),
        LlamaFamily(),
        Qwen2Family(),
    ]

    /// - Throws: `.unsupportedModel` with the nearest name.
    package static func named(_ name: String) throws(ComputeError) -> any ModelFamily {
        if let family = all.first(where: { $0.name == name }) { return family }
        let names = all.map(\.name)
        throw ComputeError(
            .unsupportedModel, summary: "Unknown model family '\(name)'.",
            detail: "Families: \(names.joined(separator: ", ")).\(Suggestion.phrase(for: name, among: names))",
            hint: "Choose one of the families.")
    }
}
