import CKernels
import Testing

@testable import Compute

@Suite struct DropoutTests {
    private func dropped(_ rows: Range<Int>, width: Int = 64, rate: Float = 0.25, seed: UInt64 = 1) -> [Float] {
        let x = [Float](repeating: 1, count: rows.count * width)
        var out = x
        kernels_dropout(x, nil, seed, rows.lowerBound, rows.count, width, rate, &out)
        return out
    }

    @Test func `the share dropped is the rate and the rest is raised to keep the mean`() {
        let out = dropped(0..<1000)
        let zeros = out.count { $0 == 0 }
        #expect(abs(Double(zeros) / 64_000 - 0.25) < 0.01)
        #expect(Set(out) == [0, 1 / (1 - 0.25)])
    }

    @Test func `a row's mask depends on its number and the seed alone`() {
        let whole = dropped(0..<10)
        #expect(dropped(7..<10) == Array(whole[7 * 64..<640]))
        #expect(dropped(0..<10, seed: 2) != whole)
        #expect(dropped(0..<1) != dropped(1..<2))
    }

    @Test func `columns do not repeat one pattern`() {
        let out = dropped(0..<4000, rate: 0.5)
        for column in 0..<64 {
            let zeros = (0..<4000).count { out[$0 * 64 + column] == 0 }
            #expect(abs(Double(zeros) / 4000 - 0.5) < 0.05)
        }
    }

    @Test func `what is dropped adds nothing to the residual, which may be the result's memory`() {
        let x = [Float](repeating: 2, count: 64)
        var out = [Float](repeating: 5, count: 64)
        out.withUnsafeMutableBufferPointer { kernels_dropout(x, $0.baseAddress, 1, 0, 1, 64, 0.5, $0.baseAddress) }
        #expect(Set(out) == [5, 9])
    }
}
