/// One cell of a `Surface`: a character, at most one combining mark, and what they mean.
struct Cell: Hashable, Sendable {
    /// How the cell takes part in a character.
    enum Kind: UInt8, Sendable {
        case narrow
        /// The left half of a character two cells wide.
        case wide
        /// The right half; its scalar is not drawn.
        case trailing
    }

    var scalar: Unicode.Scalar
    var mark: Unicode.Scalar?
    var role: Role
    var background: Role
    var attributes: Attributes
    var kind: Kind

    static let blank = Cell(
        scalar: " ", mark: nil, role: .foreground, background: .background, attributes: [], kind: .narrow)

    var isBlank: Bool { scalar == " " && mark == nil && kind == .narrow }

    /// The cell with its character removed and its colours kept.
    var erased: Cell {
        var cell = self
        cell.scalar = " "
        cell.mark = nil
        cell.kind = .narrow
        return cell
    }
}
