/// A part of a text on its way to words.
struct Piece {
    /// What stands before a piece.
    enum Place {
        /// Nothing.
        case start
        /// A part of the text, such as an added token.
        case inside
        /// A text whose tokens are already there: no space is put before the piece.
        case continuation

        init(_ place: TextPlace) {
            self = place == .beginning ? .start : .continuation
        }
    }

    var bytes: ArraySlice<UInt8>
    let place: Place

    /// A part of the piece.
    func part(_ range: Range<Int>) -> Piece {
        Piece(bytes: bytes[range], place: range.lowerBound == bytes.startIndex ? place : .inside)
    }

    /// The same place with another text.
    func with(_ bytes: ArraySlice<UInt8>) -> Piece { Piece(bytes: bytes, place: place) }
}
