import Compute

/// In which order the rows of an endless run of epochs are served: each epoch a permutation of its own.
///
/// The order follows from the seed alone, so that a resumed trial goes on where it stopped by counting.
package struct EpochOrder: Sendable {
    private let rows: Int
    private let seed: UInt64
    private var epoch = -1
    private var permutation: [Int] = []

    package init(rows: Int, seed: UInt64) {
        self.rows = rows
        self.seed = seed
    }

    /// The epoch and row at `position`, counted from 0 through all epochs.
    package mutating func entry(at position: Int) -> (epoch: Int, row: Int) {
        let wanted = position / rows
        if wanted != epoch {
            var generator = SeededGenerator(seed: Seed.derived(from: seed, "epoch \(wanted)"))
            permutation = Array(0..<rows).shuffled(using: &generator)
            epoch = wanted
        }
        return (wanted, permutation[position % rows])
    }
}

/// Seeds of parts of a trial, each from the trial's seed and a name.
package enum Seed {
    /// FNV-1a over the seed's bytes and the name; the same in every process.
    package static func derived(from seed: UInt64, _ name: String) -> UInt64 {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for shift in stride(from: UInt64(0), to: 64, by: 8) {
            hash = (hash ^ (seed >> shift & 0xff)) &* 0x100_0000_01b3
        }
        for byte in name.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        return hash
    }
}
