/// Tokens that one row may bring to the models of its setup, and what says so.
package struct LengthLimit: Sendable, Equatable {
    package let tokens: Int
    /// What sets it, in words.
    package let origin: String
    private let maximumLength: Int
    private let context: Int?
    private let shape: Shape
    private let answer: Int

    /// Where the context of the models is from: only a model of the settings can be given a longer one.
    package enum Shape: Sendable, Equatable {
        case settings
        case folder
    }

    /// - Parameters:
    ///   - maximumLength: `dataset.max_length`; 0: as much as the models take.
    ///   - context: tokens of the longest sequence that every model of the setup takes; nil where no model reads any.
    ///   - shape: where that context is from.
    ///   - answer: tokens that are generated behind a row.
    package init(maximumLength: Int, context: Int?, shape: Shape = .settings, answer: Int) {
        self.maximumLength = maximumLength
        self.context = context
        self.shape = shape
        self.answer = answer
        let room = context.map { $0 - answer } ?? .max
        if maximumLength > 0, maximumLength <= room {
            tokens = maximumLength
            origin = "dataset.max_length"
        } else {
            tokens = room
            let less = answer > 0 ? " less \(answer) for an answer" : ""
            origin = "the model's context of \(context ?? 0)\(less)"
        }
    }

    /// - Throws: the fault of a row that is longer.
    package func check(_ count: Int) throws(RowFault) {
        guard count > tokens else { return }
        throw RowFault(
            .length, "the row has \(count) tokens, the limit is \(tokens) (\(origin))", tokens: count,
            remedy: remedy(for: count))
    }

    /// What makes room for a row of `count` tokens, without asking for what is refused then.
    private func remedy(for count: Int) -> String {
        let setting = "raise dataset.max_length to \(count)"
        guard let context, count > context - answer else { return setting }
        let also = maximumLength > 0 && maximumLength < count ? ", and \(setting)" : ""
        let longer =
            switch shape {
            case .settings: "raise model.context to \(count + answer)"
            case .folder: "begin with a model that takes \(count + answer) tokens"
            }
        guard answer > 0, count < context else { return longer + also }
        return "lower grpo.max_new_tokens to \(context - count), or \(longer)\(also)"
    }
}
