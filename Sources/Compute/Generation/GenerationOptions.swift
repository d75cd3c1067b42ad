/// How answers are generated.
package struct GenerationOptions: Sendable, Equatable {
    /// An answer ends after this many tokens, or earlier where the model's context ends.
    package var maxNewTokens: Int
    /// No stop token is drawn before this many tokens.
    package var minNewTokens: Int
    package var sampling: Sampling
    /// Above 1 it makes tokens of the prompt and of the answer so far less likely to be drawn, below 1 more: their
    /// logits are divided by it where positive and multiplied where negative (Keskar et al. 2019, "CTRL").
    package var repetitionPenalty: Float
    /// Answers to each prompt; its keys and values are computed once for all of them.
    package var samplesPerPrompt: Int
    /// An answer ends with the first of these, which is part of it.
    package var stopTokens: [Int32]
    /// Whether the entropy of every distribution drawn from is recorded.
    package var entropy: EntropyMode
    /// Rows decoded side by side; a waiting row enters when one finishes. Fewer are used when memory asks for it.
    package var slots: Int
    package var cache: CacheOptions

    package init(
        maxNewTokens: Int, minNewTokens: Int = 0, sampling: Sampling = .sample(), repetitionPenalty: Float = 1,
        samplesPerPrompt: Int = 1, stopTokens: [Int32] = [], entropy: EntropyMode = .skip, slots: Int = 256,
        cache: CacheOptions = CacheOptions(),
    ) {
        self.maxNewTokens = maxNewTokens
        self.minNewTokens = minNewTokens
        self.sampling = sampling
        self.repetitionPenalty = repetitionPenalty
        self.samplesPerPrompt = samplesPerPrompt
        self.stopTokens = stopTokens
        self.entropy = entropy
        self.slots = slots
        self.cache = cache
    }
}

/// Why an answer ended.
package enum FinishReason: String, Sendable, Equatable {
    /// A stop token was drawn.
    case stop
    /// It reached its limit of tokens or the end of the context.
    case length
}

/// One answer to one prompt.
package struct GeneratedSequence: Sendable, Equatable {
    package let promptIndex: Int
    /// The new tokens, with the stop token if one was reached.
    package let tokens: [Int32]
    /// Log-probability of each token under softmax(logits / temperature), whatever the penalty, top-k or top-p left to
    /// draw from.
    package let logProbabilities: [Float]
    /// Entropy of softmax(logits / temperature) at each token; empty unless asked for.
    package let entropies: [Float]
    package let finish: FinishReason
}

extension ModelSpec {
    /// Positions generation may use: the context, but with dynamic rotary scaling only the original one, because beyond it
    /// cached keys would have to be turned anew for every length.
    package var generationContext: Int {
        guard case .rotary(let rotary) = position else { return contextLength }
        return min(contextLength, rotary.lengthThatMatters ?? contextLength)
    }
}

extension GenerationOptions {
    /// Throws `invalidBatch` with the first prompt, limit or setting that a model of this spec cannot serve.
    package func check(prompts: [[Int32]], limits: [Int]? = nil, spec: ModelSpec) throws(ComputeError) {
        if let fault = settingFault(vocabularySize: spec.vocabularySize) {
            throw Self.refusal("Generation refused: \(fault).", hint: "Correct the generation options.")
        }
        if let limits, limits.count != prompts.count {
            throw Self.refusal(
                "There are \(limits.count) limits for \(prompts.count) prompts.",
                hint: "Give one limit for each prompt."
            )
        }
        if let index = limits?.firstIndex(where: { $0 < 1 }) {
            throw Self.refusal("The limit of prompt \(index) is below 1.", hint: "Let it have at least one token.")
        }
        for (index, prompt) in prompts.enumerated() { try check(prompt, index: index, spec: spec) }
    }

    private func check(_ prompt: [Int32], index: Int, spec: ModelSpec) throws(ComputeError) {
        if prompt.isEmpty {
            throw Self.refusal("Prompt \(index) is empty.", hint: "Begin it with at least one token.")
        }
        if prompt.count >= spec.contextLength {
            throw Self.refusal(
                "Prompt \(index) has \(prompt.count) tokens and the context of \(spec.contextLength) has no room left.",
                hint: "Shorten the prompt or use a model with a longer context.")
        }
        if prompt.count >= spec.generationContext {
            throw Self.refusal(
                "Prompt \(index) has \(prompt.count) tokens and dynamic rotary scaling starts at "
                    + "\(spec.generationContext), where every new token would turn all earlier keys.",
                hint: "Shorten the prompt, or use a model with linear, llama3 or yarn scaling.")
        }
        if let token = prompt.first(where: { $0 < 0 || $0 >= Int32(spec.vocabularySize) }) {
            throw Self.refusal(
                "Prompt \(index) holds token \(token), outside the vocabulary of \(spec.vocabularySize).",
                hint: "Encode it with the model's own tokenizer.")
        }
    }

    private func settingFault(vocabularySize: Int) -> String? {
        if maxNewTokens < 1 { return "maxNewTokens is \(maxNewTokens)" }
        if minNewTokens < 0 || minNewTokens > maxNewTokens {
            return "minNewTokens is \(minNewTokens) with maxNewTokens \(maxNewTokens)"
        }
        if !(1...Self.mostSamples ~= samplesPerPrompt) { return "samplesPerPrompt is \(samplesPerPrompt)" }
        if !(repetitionPenalty > 0 && repetitionPenalty.isFinite) {
            return "repetitionPenalty is \(repetitionPenalty) and must be above 0"
        }
        if slots < 1 { return "slots is \(slots)" }
        let stops = Set(stopTokens)
        if minNewTokens > 0, (0..<Int32(vocabularySize)).allSatisfy(stops.contains) {
            return "every token is a stop token"
        }
        return cache.fault ?? TokenSampler.fault(in: sampling)
    }

    /// Keeps the number of answers to any list of prompts inside `Int`.
    private static let mostSamples = 1 << 20

    private static func refusal(_ summary: String, hint: String) -> ComputeError {
        ComputeError(.invalidBatch, summary: summary, detail: "", hint: hint)
    }
}
