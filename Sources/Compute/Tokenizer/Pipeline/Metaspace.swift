/// SentencePiece's way with spaces: each becomes a visible character, and words begin with it.
struct Metaspace {
    /// When a piece that does not begin with the space character gets one.
    enum Prepending: String {
        case always
        case first
        case never
    }

    private let space: [UInt8]
    private let prepending: Prepending
    private let splits: Bool

    /// Reads a pre-tokenizer or a decoder; both have the same members.
    init(_ field: JSONField) throws(ComputeError) {
        let replacement = try field.required("replacement")
        let text = try replacement.string()
        guard text.unicodeScalars.count == 1 else { throw replacement.fault("is not a single character") }
        space = Array(text.utf8)
        splits = try field.flag("split", absent: true)
        if let scheme = field["prepend_scheme"] {
            guard let known = Prepending(rawValue: try scheme.string()) else {
                throw scheme.fault("is not 'always', 'first' or 'never'")
            }
            prepending = known
        } else {
            // The member's name before there was a choice of three.
            prepending = try field.flag("add_prefix_space", absent: true) ? .always : .never
        }
    }

    /// Appends the words of a piece.
    func cut(_ piece: Piece, into pieces: inout [Piece]) {
        var bytes = piece.bytes.replacing([UInt8(ascii: " ")], with: space)
        let isWanted =
            switch prepending {
            case .always: piece.place != .continuation
            case .first: piece.place == .start
            case .never: false
            }
        if isWanted, !bytes.starts(with: space) { bytes = (space + bytes)[...] }
        let whole = piece.with(bytes)
        guard splits else { return pieces.append(whole) }
        whole.cut(into: &pieces) { start in
            var end = start + 1
            while end < bytes.endIndex, !bytes[end...].starts(with: space) { end += 1 }
            return end
        }
    }

    /// The text of a token; `isFirst` says that no token stands before it.
    func decoded(_ token: ArraySlice<UInt8>, isFirst: Bool) -> ArraySlice<UInt8> {
        token.replacing(space, with: isFirst && prepending != .never ? [] : [UInt8(ascii: " ")])
    }
}
