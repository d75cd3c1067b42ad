import Testing

@testable import Compute

/// AdamW as the paper writes it, one weight at a time in Double.
private struct ScalarAdamW {
    var weight: Double
    var first = 0.0
    var second = 0.0
    private var update = 0

    init(_ weight: Float) { self.weight = Double(weight) }

    mutating func step(_ gradient: Double, rate: Double, _ options: OptimizerOptions, isDecayed: Bool) {
        guard case .adamW(let adam) = options.kind else { return }
        update += 1
        let (beta1, beta2) = (Double(adam.beta1), Double(adam.beta2))
        first = beta1 * first + (1 - beta1) * gradient
        second = beta2 * second + (1 - beta2) * gradient * gradient
        var (power1, power2) = (1.0, 1.0)
        for _ in 0..<update { (power1, power2) = (power1 * beta1, power2 * beta2) }
        if isDecayed { weight -= rate * Double(options.weightDecay) * weight }
        weight -= rate * (first / (1 - power1)) / ((second / (1 - power2)).squareRoot() + Double(adam.epsilon))
    }
}

/// Weights, gradients and moments of a table, and the optimizer over it.
private struct Bench {
    let table: ParameterTable
    let weights: Arena
    let optimizer: Optimizer
    let firstMoments: Arena
    let secondMoments: Arena

    init(_ options: OptimizerOptions, shapes: [[Int]], threads: Int = 2) throws {
        var table = ParameterTable()
        for (index, shape) in shapes.enumerated() {
            table.append(name: "p\(index)", shape: shape, isDecayed: shape.count == 2)
        }
        self.table = table
        weights = try Arena(count: table.count)
        for (index, value) in randomFloats(table.count, seed: 1).enumerated() { weights.base[index] = value }
        var unclipped = options
        unclipped.clipNorm = .infinity
        optimizer = try Optimizer(table: table, options: unclipped, pool: ThreadPool(threads: threads))
        firstMoments = try #require(optimizer.state[".first_moment"])
        secondMoments = try #require(optimizer.state[".second_moment"])
    }

    var gradients: Arena { optimizer.gradients }

    func update() throws {
        let statistics = try optimizer.update(loss: .finite) { $0(weights) }
        #expect(statistics.isApplied)
    }
}

@Suite struct `AdamW against the formula` {
    private static let options = [
        OptimizerOptions(learningRate: 0.01),
        OptimizerOptions(learningRate: 0.1, beta1: 0, beta2: 0.9, weightDecay: 0),
        OptimizerOptions(learningRate: 0.003, beta1: 0.99, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.5),
        OptimizerOptions(
            learningRate: 0.05, schedule: .cosine, warmupSteps: 10, totalSteps: 50, minimumRatio: 0.1),
    ]

    @Test(arguments: 0..<4)
    func `a hundred updates follow it weight by weight, decay on matrices only`(index: Int) throws {
        let options = Self.options[index]
        let bench = try Bench(options, shapes: [[3, 5], [7], [1, 1], [17], [2, 9]])
        let parameters = bench.table.parameters
        var scalars = parameters.flatMap { parameter in parameter.range.map { ScalarAdamW(bench.weights.base[$0]) } }
        var random = SeededGenerator(seed: 3)
        for number in 1...100 {
            var next = 0
            let scale: Float = number % 10 == 0 ? 100 : 1
            for parameter in parameters {
                for element in parameter.range {
                    // Some gradients are always zero, some are rare.
                    let isSilent = element % 7 == 0 || (element % 5 == 0 && number % 9 != 0)
                    let gradient = isSilent ? 0 : scale * random.normal()
                    bench.gradients.base[element] = gradient
                    let rate = Double(options.schedule.rate(ofUpdate: number))
                    scalars[next].step(Double(gradient), rate: rate, options, isDecayed: parameter.isDecayed)
                    next += 1
                }
            }
            try bench.update()
        }
        let weights = parameters.flatMap { bench.weights.floats[$0.range] }
        let (first, second) = (
            parameters.flatMap { bench.firstMoments.floats[$0.range] },
            parameters.flatMap { bench.secondMoments.floats[$0.range] }
        )
        #expect(largestError(weights, scalars.map(\.weight)) < 1e-4)
        #expect(largestError(first, scalars.map(\.first)) < 1e-5)
        #expect(largestError(second, scalars.map(\.second)) < 1e-5)
    }

    @Test func `tensors larger than a block are updated whole, the same on any number of threads`() throws {
        // More than one block of 32768 floats, with a ragged end.
        let benches = try [1, 2, 5].map {
            try Bench(OptimizerOptions(learningRate: 0.01), shapes: [[3, 30_000], [50_001]], threads: $0)
        }
        for bench in benches {
            for index in 0..<bench.table.count { bench.gradients.base[index] = index % 3 == 0 ? 1 : -0.25 }
            try bench.update()
        }
        let norms = benches.map { $0.optimizer.gradientNorm() }
        #expect(norms[0] == norms[1] && norms[1] == norms[2])
        let expected = benches[0].weights.array
        #expect(benches[1].weights.array == expected && benches[2].weights.array == expected)
        // The first update moves every weight by about the rate, against its gradient.
        let before = randomFloats(benches[0].table.count, seed: 1)
        let bias = benches[0].table.parameters[1]
        for element in [bias.offset, bias.offset + 32_767, bias.offset + 32_768, bias.range.upperBound - 1] {
            let moved = expected[element] - before[element]
            #expect(abs(moved - (element % 3 == 0 ? -0.01 : 0.01)) < 1e-5)
        }
    }

    @Test func `floats between tensors stay as they were`() throws {
        let bench = try Bench(OptimizerOptions(learningRate: 0.1), shapes: [[1, 3], [2]])
        for index in 0..<bench.table.count { bench.weights.base[index] = 7 }
        bench.gradients.floats.update(repeating: 1)
        for _ in 1...5 { try bench.update() }
        let covered = Set(bench.table.parameters.flatMap { Array($0.range) })
        for index in 0..<bench.table.count { #expect((bench.weights.base[index] != 7) == covered.contains(index)) }
    }

    @Test func `a weight without gradient only decays`() throws {
        let bench = try Bench(OptimizerOptions(learningRate: 0.1, weightDecay: 0.5), shapes: [[2, 8], [16]])
        let before = bench.weights.array
        for _ in 1...3 { try bench.update() }
        let decayed = before[..<16].map { Double($0) * 0.95 * 0.95 * 0.95 }
        #expect(largestError(Array(bench.weights.array[..<16]), decayed) < 1e-6)
        #expect(bench.weights.array[16...] == before[16...])
    }

    @Test(arguments: [1e-30, 1e-10, 1, 1e10] as [Float])
    func `the norm is exact at any scale`(scale: Float) throws {
        let bench = try Bench(OptimizerOptions(learningRate: 0.1), shapes: [[30, 30], [99]])
        bench.gradients.floats.update(repeating: 0)
        for parameter in bench.table.parameters {
            for element in parameter.range { bench.gradients.base[element] = scale * 2 }
        }
        let norm = bench.optimizer.gradientNorm()
        #expect(abs(norm / (scale * 2 * Float(999).squareRoot()) - 1) < 1e-6)
    }
}
