import TestSupport

/// Series that codecs tend to break on.
enum AdversarialSeries: String, CaseIterable, Sendable {
    case alternating
    case constant
    case denormal
    case falling
    case float32Noise
    case float64Noise
    case infinite
    case integerExtremes
    case mixedWidths
    case nanPayloads
    case oneChange
    case randomBits
    case sawtooth
    case schedule
    case signedZeros
    case stepGaps

    func values(_ count: Int, seed: UInt64 = 1) -> [Double] {
        var random = SplitMix(seed: seed)
        return (0..<count).map { value($0, of: count, &random) }
    }

    private func value(_ index: Int, of count: Int, _ random: inout SplitMix) -> Double {
        switch self {
        case .alternating: index % 2 == 0 ? 1e300 : -1e-300
        case .constant: -0.0
        case .denormal: Double(bitPattern: random.next() & 0xf_ffff)
        case .falling: 1000 - Double(index) * 1.5
        case .float32Noise: Double(Float.random(in: -8...8, using: &random))
        case .float64Noise: Double.random(in: -8...8, using: &random)
        case .infinite: [Double.infinity, -.infinity, 1][index % 3]
        case .integerExtremes: [9_007_199_254_740_991, -9_007_199_254_740_991, 0][index % 3]
        case .mixedWidths: index % 5 == 4 ? 0.1 : Double(Float(0.1))
        case .nanPayloads: Double(bitPattern: 0x7ff0_0000_0000_0001 | random.next() & 0x800f_ffff_0000_0000)
        case .oneChange: index == count / 2 ? 1 : 0
        case .randomBits: Double(bitPattern: random.next())
        case .sawtooth: Double(index % 7) - 3
        case .schedule: 3e-4 * (1 - Double(index) / 10_000)
        case .signedZeros: index % 3 == 0 ? -0.0 : 0.0
        case .stepGaps: Double(index < count / 2 ? index : index + 1_000_000_000_000)
        }
    }
}
