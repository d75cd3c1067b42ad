/// A part of a text on its way to words.
struct Piece {
    var bytes: ArraySlice<UInt8>
    /// Whether nothing stands before it in the text.
    let startsText: Bool
}
