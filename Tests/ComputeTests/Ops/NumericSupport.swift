import CKernels
import Glibc
import Testing

@testable import Compute

/// The micro-kernel variants this machine can run; every one must give the same answers.
let runnableVariants = [KERNELS_BASELINE, KERNELS_AVX2, KERNELS_AVX512].map { Int32($0) }.filter(kernels_supports)

/// Runs `body` with one variant on this thread.
func withVariant<Result>(_ variant: Int32, _ body: () throws -> Result) rethrows -> Result {
    _ = kernels_select(variant)
    defer { _ = kernels_select(-1) }
    return try body()
}

/// Normal random floats; the same for the same seed.
func randomFloats(_ count: Int, seed: UInt64, scale: Float = 1) -> [Float] {
    var generator = SeededGenerator(seed: seed)
    return (0..<count).map { _ in scale * generator.normal() }
}

/// The largest difference, relative to the larger of 1 and the expected value.
func largestError(_ actual: [Float], _ expected: [Double]) -> Double {
    guard actual.count == expected.count else { return .infinity }
    var largest = 0.0
    for (value, wanted) in zip(actual, expected) {
        let error = abs(Double(value) - wanted) / max(1, abs(wanted))
        if !(error <= largest) { largest = error.isNaN ? .infinity : error }
    }
    return largest
}

/// c = a b for row-major a (rows x inner) and b (inner x columns).
func naiveProduct(_ a: [Float], _ b: [Float], rows: Int, inner: Int, columns: Int) -> [Double] {
    var c = [Double](repeating: 0, count: rows * columns)
    for row in 0..<rows {
        for k in 0..<inner {
            for column in 0..<columns {
                c[row * columns + column] += Double(a[row * inner + k]) * Double(b[k * columns + column])
            }
        }
    }
    return c
}

func transposed(_ matrix: [Float], rows: Int, columns: Int) -> [Float] {
    (0..<columns).flatMap { column in (0..<rows).map { matrix[$0 * columns + column] } }
}

/// Derivative of `f` with respect to one element of `x`, by central differences.
func derivative(of f: ([Double]) -> Double, at x: [Double], element: Int, step: Double = 1e-5) -> Double {
    var above = x
    var below = x
    above[element] += step
    below[element] -= step
    return (f(above) - f(below)) / (2 * step)
}

func doubles(_ floats: [Float]) -> [Double] { floats.map(Double.init) }

/// Floats with an address: what kernel structs point to.
func arena(_ floats: [Float]) throws -> Arena {
    let arena = try Arena(count: floats.count)
    _ = arena.floats.update(fromContentsOf: floats)
    return arena
}

extension Arena {
    var array: [Float] { Array(floats) }
}

func referenceGELU(_ x: Double) -> Double {
    0.5 * x * (1 + tanh((2 / Double.pi).squareRoot() * (x + 0.044715 * x * x * x)))
}

func referenceGELUDerivative(_ x: Double) -> Double {
    derivative(of: { referenceGELU($0[0]) }, at: [x], element: 0)
}
