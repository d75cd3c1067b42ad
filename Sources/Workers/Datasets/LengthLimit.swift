/// Tokens that one row may bring to the models of its setup, and what says so.
package struct LengthLimit: Sendable, Equatable {
    package let tokens: Int
    /// What sets it, in words.
    package let origin: String

    /// - Parameters:
    ///   - maximumLength: `dataset.max_length`; 0: as much as the models take.
    ///   - context: tokens of the longest sequence that every model of the setup takes; nil where no model reads any.
    ///   - answer: tokens that are generated behind a row.
    package init(maximumLength: Int, context: Int?, answer: Int) {
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
        throw RowFault(.length, "the row has \(count) tokens, the limit is \(tokens) (\(origin))", tokens: count)
    }
}
