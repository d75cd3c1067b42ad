/// The steps and times of a block's rows.
enum AxisCodec {
    /// Steps that rise evenly need only a first and a stride; others are kept one by one.
    enum Steps: Equatable {
        case strided(first: Int64, stride: Int64)
        case explicit([UInt8])
    }

    /// Strides whose multiples cannot overflow, whatever the row.
    private static let strides = 1...(BlockLimits.largestNumber / Int64(BlockLimits.largestRows))

    static func encodeSteps(_ steps: [Int64]) -> Steps {
        guard let first = steps.first else { return .explicit([]) }
        let stride = steps.count > 1 ? steps[1] - first : 1
        let isStrided = strides.contains(stride) && steps.indices.allSatisfy { steps[$0] == first + Int64($0) * stride }
        return isStrided ? .strided(first: first, stride: stride) : .explicit(encode(steps))
    }

    /// The steps of `count` rows, or nil where they are damaged.
    static func decodeSteps(_ steps: Steps, count: Int) -> [Int64]? {
        switch steps {
        case .explicit(let bytes): return bytes.withUnsafeBytes { decode($0, count: count) }
        case .strided(let first, let stride):
            guard (0...BlockLimits.largestRows).contains(count), strides.contains(stride),
                (0...BlockLimits.largestNumber).contains(first)
            else { return nil }
            return (0..<count).map { first + Int64($0) * stride }
        }
    }

    /// Differences of second order for evenly spaced times, of lower order where that is shorter.
    static func encode(_ numbers: [Int64]) -> [UInt8] {
        let best = VarintDeltas.best(for: numbers)
        var bytes = [UInt8(best.order)]
        VarintDeltas.append(numbers, order: best.order, to: &bytes)
        return bytes
    }

    /// What `encode` wrote, or nil where the bytes are damaged or a number is out of range.
    static func decode(_ bytes: UnsafeRawBufferPointer, count: Int) -> [Int64]? {
        guard let order = bytes.first, (0...BlockLimits.largestRows).contains(count),
            let numbers = VarintDeltas.decode(bytes, from: 1, order: Int(order), count: count),
            numbers.allSatisfy({ (0...BlockLimits.largestNumber).contains($0) })
        else { return nil }
        return numbers
    }
}
