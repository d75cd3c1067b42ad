import CKernels
import Glibc
import Testing

@testable import Compute

/// A head alone: vocabulary rows of `width` floats, and rows of input with targets, -1 where there is none.
private struct HeadFixture {
    let vocabulary: Int
    let width: Int
    let weights: Arena
    let x: Arena
    let batch: PackedBatch
    private let head: LanguageModelHead
    private let packed: Arena
    private let pool: ThreadPool
    private let logits: LogitsMemory
    private let logitsArena: Arena

    /// `logitsRows` exist at once, and are kept when they are all.
    init(
        vocabulary: Int, width: Int, rows: Int, threads: Int = 2, logitsRows: Int = 128, isPacked: Bool = true,
        scale: Float = 1, seed: UInt64 = 1
    ) throws {
        (self.vocabulary, self.width) = (vocabulary, width)
        var table = ParameterTable()
        let weight = table.append(name: "weight", shape: [vocabulary, width], isDecayed: true)
        var layout = PackedLayout(weights: isPacked ? table.count : 1 << 40)
        head = LanguageModelHead(weight, layout: &layout)
        packed = try Arena(count: layout.count)
        weights = try arena(randomFloats(table.count, seed: seed, scale: scale))
        x = try arena(randomFloats(rows * width, seed: seed + 1, scale: scale))
        pool = try ThreadPool(threads: threads)
        let row = LogitsMemory.row(vocabulary: vocabulary)
        logitsArena = try arena([Float](repeating: .nan, count: logitsRows * row))
        logits = LogitsMemory(base: logitsArena.base, rows: logitsRows, row: row, isKept: logitsRows == rows)
        var batch = PackedBatch(sequences: [[Int32](repeating: 0, count: rows)])
        batch.targets = (0..<rows).map { $0 % 5 == 4 ? -1 : Int32($0 * 7 % vocabulary) }
        self.batch = batch
    }

    private var pass: Pass {
        Pass(
            pool: pool, weights: weights.base, packed: packed.base,
            scratch: LaneScratch(base: logitsArena.base, stride: 0), logits: logits)
    }

    /// Log-softmax of every row in Double.
    var logSoftmax: [[Double]] {
        batch.tokens.indices.map { row in
            let logits = (0..<vocabulary).map { token in
                (0..<width).reduce(0.0) {
                    $0 + Double(x.base[row * width + $1]) * Double(weights.base[token * width + $1])
                }
            }
            let peak = logits.max() ?? 0
            let total = peak + log(logits.reduce(0) { $0 + exp($1 - peak) })
            return logits.map { $0 - total }
        }
    }

    func forward() throws -> (logSums: Arena, logProbabilities: [Float], entropies: [Float]) {
        let rows = batch.tokens.count
        let (logSums, outputs, entropies) = (try Arena(count: rows), try Arena(count: rows), try Arena(count: rows))
        head.packForForward(pass)
        batch.withChunks(batch.segments(perChunkOf: rows)) { chunks in
            for chunk in chunks {
                head.forward(
                    chunk, x.base, logSums: logSums.base, logProbabilities: outputs.base, entropies: entropies.base,
                    pass)
            }
        }
        return (logSums, outputs.array, entropies.array)
    }

    func backward(_ coefficients: [Float]) throws -> (dx: [Float], gradients: [Float]) {
        let logSums = try forward().logSums
        let rows = batch.tokens.count
        let dx = try arena([Float](repeating: .nan, count: rows * width))
        let (gradients, coefficients) = (try Arena(count: weights.count), try arena(coefficients))
        head.packForBackward(pass)
        batch.withChunks(batch.segments(perChunkOf: rows)) { chunks in
            for chunk in chunks {
                head.backward(
                    chunk, x.base, logSums: logSums.base, coefficients: coefficients.base, to: dx.base,
                    gradients: gradients.base, pass)
            }
        }
        return (dx.array, gradients.array)
    }
}

@Suite struct `Language model head` {
    /// Vocabularies around panels; more rows than logits exist at once (128), so that groups must meet.
    @Test(arguments: [(1, 3, 5), (2, 1, 7), (17, 8, 31), (33, 5, 130), (96, 12, 300)], [1, 3])
    func `log-probabilities and entropies are those of the softmax`(sizes: (Int, Int, Int), threads: Int) throws {
        let (vocabulary, width, rows) = sizes
        let fixture = try HeadFixture(vocabulary: vocabulary, width: width, rows: rows, threads: threads)
        let result = try fixture.forward()
        let expected = fixture.logSoftmax
        let chosen = zip(fixture.batch.targets, expected).map { $0 < 0 ? 0 : $1[Int($0)] }
        #expect(largestError(result.logProbabilities, chosen) < 1e-5)
        let entropies = expected.map { row in row.reduce(0.0) { $0 - exp($1) * $1 } }
        #expect(largestError(result.entropies, entropies) < 1e-5)
    }

    @Test(arguments: [(2, 1, 7), (17, 8, 31), (33, 5, 130)], [1, 3])
    func `gradients are coefficient times softmax minus one-hot, through both factors`(
        sizes: (Int, Int, Int), threads: Int,
    ) throws {
        let (vocabulary, width, rows) = sizes
        let fixture = try HeadFixture(vocabulary: vocabulary, width: width, rows: rows, threads: threads)
        let coefficients = randomFloats(rows, seed: 9)
        let result = try fixture.backward(coefficients)
        var dx = [Double](repeating: 0, count: rows * width)
        var dWeight = [Double](repeating: 0, count: vocabulary * width)
        for (row, logs) in fixture.logSoftmax.enumerated() {
            let target = Int(fixture.batch.targets[row])
            // A position without a target takes no part, whatever its coefficient.
            guard target >= 0 else { continue }
            for token in 0..<vocabulary {
                let d = Double(coefficients[row]) * (exp(logs[token]) - (token == target ? 1 : 0))
                for column in 0..<width {
                    dx[row * width + column] += d * Double(fixture.weights.base[token * width + column])
                    dWeight[token * width + column] += d * Double(fixture.x.base[row * width + column])
                }
            }
        }
        #expect(largestError(result.dx, dx) < 1e-5)
        #expect(largestError(Array(result.gradients[..<(vocabulary * width)]), dWeight) < 1e-4)
    }

    @Test func `logits of tens of thousands give finite probabilities and gradients`() throws {
        let fixture = try HeadFixture(vocabulary: 20, width: 6, rows: 12, scale: 100)
        let result = try fixture.forward()
        #expect(result.logProbabilities.allSatisfy { $0.isFinite && $0 <= 0 })
        #expect(result.logProbabilities.contains { $0 < -1000 })
        #expect(result.entropies.allSatisfy { $0 > -1e-3 && $0 < 3 })
        let expected = zip(fixture.batch.targets, fixture.logSoftmax).map { $0 < 0 ? 0 : $1[Int($0)] }
        #expect(largestError(result.logProbabilities, expected) < 1e-2)
        let gradients = try fixture.backward([Float](repeating: 1, count: 12))
        #expect(gradients.dx.allSatisfy { $0.isFinite } && gradients.gradients.allSatisfy { $0.isFinite })
    }

    @Test func `the gradients of each row's logits sum to nothing`() throws {
        // With a constant input, the weight's gradient is the same for all columns and sums to zero over tokens.
        let fixture = try HeadFixture(vocabulary: 31, width: 4, rows: 40)
        fixture.x.floats.update(repeating: 1)
        let gradients = try fixture.backward(randomFloats(40, seed: 12)).gradients
        for column in 0..<4 {
            let total = (0..<31).reduce(0.0) { $0 + Double(gradients[$1 * 4 + column]) }
            #expect(abs(total) < 1e-4)
        }
    }

    @Test(arguments: [1, 3])
    func `kept logits and weights packed on the way change no bit`(threads: Int) throws {
        let few = try HeadFixture(vocabulary: 70, width: 9, rows: 90, threads: threads, logitsRows: 28)
        let kept = try HeadFixture(vocabulary: 70, width: 9, rows: 90, threads: threads, logitsRows: 90)
        let unpacked = try HeadFixture(
            vocabulary: 70, width: 9, rows: 90, threads: threads, logitsRows: 90, isPacked: false)
        let coefficients = randomFloats(90, seed: 14)
        let expected = try kept.backward(coefficients)
        let (grouped, onTheWay) = (try few.backward(coefficients), try unpacked.backward(coefficients))
        #expect(try few.forward().logProbabilities == kept.forward().logProbabilities)
        #expect(try unpacked.forward().logProbabilities == kept.forward().logProbabilities)
        #expect(grouped.dx == expected.dx && onTheWay.dx == expected.dx)
        #expect(onTheWay.gradients == expected.gradients)
        #expect(largestError(grouped.gradients, doubles(expected.gradients)) < 1e-5)
    }

    @Test func `a large vocabulary in few rows is the same whatever the threads`() throws {
        let one = try HeadFixture(vocabulary: 5000, width: 4, rows: 150, threads: 1)
        let many = try HeadFixture(vocabulary: 5000, width: 4, rows: 150, threads: 4)
        #expect(try one.forward().logProbabilities == many.forward().logProbabilities)
        let coefficients = randomFloats(150, seed: 13)
        let (left, right) = (try one.backward(coefficients), try many.backward(coefficients))
        #expect(left.dx == right.dx && left.gradients == right.gradients)
    }
}
