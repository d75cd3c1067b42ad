/// Linear layers of one input whose outputs lie side by side in a row: q | k | v, or gate | up.
///
/// A family that stores them as one matrix has a group of one.
struct LinearGroup {
    let members: [Linear]
    /// First float of each member's outputs in a row.
    private let starts: [Int]
    /// Floats of a row.
    let width: Int

    init(_ members: [Linear]) {
        self.members = members
        var starts: [Int] = []
        var width = 0
        for member in members {
            starts.append(width)
            width += member.outputs
        }
        self.starts = starts
        self.width = width
    }

    func packForForward(_ pass: Pass) { for member in members { member.packForForward(pass) } }
    func packForBackward(_ pass: Pass) { for member in members { member.packForBackward(pass) } }

    /// Overwrites rows of `y`.
    func forward(_ x: FloatPointer, rows: Int, to y: MutableFloatPointer, _ pass: Pass) {
        for (member, start) in zip(members, starts) {
            member.forward(x, rows: rows, to: y + start, row: width, pass)
        }
    }

    /// Overwrites `dx`.
    func backwardInput(_ dy: FloatPointer, rows: Int, to dx: MutableFloatPointer, _ pass: Pass) {
        for (index, (member, start)) in zip(members, starts).enumerated() {
            member.backwardInput(
                dy + start, rows: rows, row: width, to: dx, as: index == 0 ? .overwritten : .added, pass)
        }
    }

    /// Adds to the gradients of all members.
    func backwardWeight(
        _ x: FloatPointer, _ dy: FloatPointer, rows: Int, gradients: MutableFloatPointer, _ pass: Pass
    ) {
        for (member, start) in zip(members, starts) {
            member.backwardWeight(x, dy + start, rows: rows, row: width, gradients: gradients, pass)
        }
    }
}
