import Foundation
import Protocol
import TestSupport
import Testing

@testable import Workers

@Suite struct ReferenceDivergenceTests {
    @Test func `equal policies do not diverge`() {
        let token = ReferenceDivergence.token(new: -2, reference: -2)
        #expect(token.value == 0)
        #expect(token.slope == 0)
    }

    @Test func `a likelier reference costs e to the difference, less the difference, less one`() {
        let token = ReferenceDivergence.token(new: -2, reference: -1)
        #expect(abs(token.value - 0.718281828459045) < 1e-12)
        #expect(abs(token.slope + 1.718281828459045) < 1e-12)
    }

    @Test func `it is never negative`() {
        for step in -20...20 { #expect(ReferenceDivergence.token(new: Double(step) / 4, reference: 0.1).value >= 0) }
    }

    @Test(arguments: [-3.0, -0.5, 0, 1e-9, 2]) func `the slope is the derivative of the value`(new: Double) {
        func value(_ new: Double) -> Double { ReferenceDivergence.token(new: new, reference: -0.4).value }
        let slope = ReferenceDivergence.token(new: new, reference: -0.4).slope
        #expect(abs((value(new + 1e-6) - value(new - 1e-6)) / 2e-6 - slope) < 1e-8)
    }

    @Test func `a tiny difference keeps its digits`() {
        #expect(abs(ReferenceDivergence.token(new: 0, reference: 1e-7).value - 5e-15) < 1e-20)
    }
}
