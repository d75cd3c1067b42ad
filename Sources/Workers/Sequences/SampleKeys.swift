package import Protocol

/// The keys that the shipped datasets supply and the shipped interfaces read and write.
extension SequenceKey {
    /// Tokens of a prompt (int32). From the `prompt` dataset.
    package static let packedPrompts: SequenceKey = "packed_prompts"
    /// Tokens of the expected answer without end-of-sequence (int32). From the `prompt` dataset.
    package static let packedAnswers: SequenceKey = "packed_answers"
    /// Tokens of prompt and answer (int32); after generation one sequence for each answer of the group.
    package static let packedInputIDs: SequenceKey = "packed_input_ids"
    /// 1 where a token of `packed_input_ids` belongs to the prompt (uint8).
    package static let promptMask: SequenceKey = "prompt_mask"
    /// Log-probability of each token but the first, as it was sampled (float32); one shorter than the tokens.
    package static let packedLogProbabilities: SequenceKey = "packed_logprobs"
    /// The same tokens' log-probabilities under the reference model (float32).
    package static let packedReferenceLogProbabilities: SequenceKey = "packed_ref_logprobs"
    /// 1 where an answer was cut off before its end-of-sequence (uint8), one element a sequence.
    package static let sequenceNoEOSMask: SequenceKey = "seq_no_eos_mask"
    /// The score of each answer (float32), one element a sequence.
    package static let rewards: SequenceKey = "rewards"
}
