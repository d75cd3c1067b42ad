import Testing

@testable import Compute

@Suite struct NormTests {
    private let width = 21
    private let rows = 150

    @Test func `each row is normalised, scaled and shifted`() throws {
        let fixture = try Fixture(width: width, rows: rows)
        let y = try fixture.forward().y
        #expect(largestError(y.array, fixture.reference(doubles(fixture.x.array))) < 1e-5)
    }

    @Test func `the input's gradient agrees with finite differences and is added`() throws {
        let fixture = try Fixture(width: width, rows: rows)
        let dx = try fixture.backward().dx
        for element in [0, 20, 21, 1000, rows * width - 1] {
            let expected = derivative(of: fixture.loss, at: doubles(fixture.x.array), element: element)
            #expect(abs(Double(dx[element]) - 1 - expected) < 1e-4)
        }
    }

    @Test func `gain and shift gradients are sums over rows`() throws {
        let fixture = try Fixture(width: width, rows: rows)
        let gradients = try fixture.backward().gradients
        let ungained = fixture.reference(doubles(fixture.x.array), gain: 1, shift: 0)
        for column in [0, 7, 20] {
            let elements = stride(from: column, to: rows * width, by: width)
            let dShift = elements.reduce(0.0) { $0 + Double(fixture.dy.base[$1]) }
            let dGain = elements.reduce(0.0) { $0 + Double(fixture.dy.base[$1]) * ungained[$1] }
            #expect(abs(Double(gradients[column]) - dGain) < 1e-4)
            #expect(abs(Double(gradients[32 + column]) - dShift) < 1e-4)
        }
    }
}

/// A norm whose gain lies at 0 and whose shift lies at 32 of the weights.
private struct Fixture {
    let norm: Norm
    let rows: Int
    let width: Int
    let weights: Arena
    let x: Arena
    let dy: Arena
    let pool: ThreadPool

    init(width: Int, rows: Int) throws {
        var table = ParameterTable()
        let gain = table.append(name: "gain", shape: [width], isDecayed: false)
        let shift = table.append(name: "shift", shape: [width], isDecayed: false)
        norm = Norm(gain: gain, shift: shift, epsilon: 1e-5)
        self.rows = rows
        self.width = width
        weights = try arena(randomFloats(table.count, seed: 1))
        x = try arena(randomFloats(rows * width, seed: 2, scale: 3))
        dy = try arena(randomFloats(rows * width, seed: 3))
        pool = try ThreadPool(threads: 2)
    }

    private var pass: Pass {
        Pass(
            pool: pool, weights: weights.base, packed: weights.base, scratch: LaneScratch(base: x.base, stride: 0),
            logits: LogitsMemory(base: x.base, rows: 0, row: 0, isKept: false))
    }

    func forward() throws -> (y: Arena, mean: Arena, inverseDeviation: Arena) {
        let result = (try Arena(count: rows * width), try Arena(count: rows), try Arena(count: rows))
        norm.forward(
            x.base, rows: rows, to: result.0.base, mean: result.1.base, inverseDeviation: result.2.base, pass)
        return result
    }

    func backward() throws -> (dx: [Float], gradients: [Float]) {
        let forward = try forward()
        let dx = try arena([Float](repeating: 1, count: rows * width))
        let gradients = try Arena(count: weights.count)
        let partials = try arena([Float](repeating: .nan, count: norm.partialCount(rows: rows)))
        norm.backward(
            dy.base, input: x.base, rows: rows, mean: forward.mean.base,
            inverseDeviation: forward.inverseDeviation.base, to: dx.base, gradients: gradients.base,
            partials: partials.base, pass)
        return (dx.array, gradients.array)
    }

    func loss(_ x: [Double]) -> Double {
        zip(reference(x), dy.array).reduce(0.0) { $0 + $1.0 * Double($1.1) }
    }

    func reference(_ x: [Double], gain: Double? = nil, shift: Double? = nil) -> [Double] {
        (0..<rows).flatMap { row in
            let values = x[(row * width)..<((row + 1) * width)]
            let mean = values.reduce(0, +) / Double(width)
            let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(width)
            return values.enumerated().map { column, value in
                (value - mean) / (variance + 1e-5).squareRoot() * (gain ?? Double(weights.base[column]))
                    + (shift ?? Double(weights.base[32 + column]))
            }
        }
    }
}
