import Testing

@testable import Compute

@Suite struct `Loss scaler` {
    /// Scales after each of a row of updates, `x` for an overflow.
    private func scales(_ options: LossScalerOptions, _ updates: String) -> [Float] {
        var scaler = LossScaler(options: options)
        return updates.map { update in
            if update == "x" { _ = scaler.recordOverflow() } else { scaler.recordGood() }
            return scaler.scale
        }
    }

    @Test func `the engine's defaults`() {
        let engine = LossScalerOptions()
        #expect(engine.initialScale == 32_768 && engine.growthInterval == 1000 && engine.growthFactor == 2)
        #expect(engine.backoff == .consecutive(2) && engine.backoffFactor == 0.5)
        #expect(engine.minimumScale == 1 && engine.maximumScale == 4_294_967_296)
    }

    @Test func `it grows after good updates in a row and falls after overflows without a good one between`() {
        let options = LossScalerOptions(initialScale: 8, growthInterval: 3, backoff: .consecutive(2))
        #expect(scales(options, "...") == [8, 8, 16])
        #expect(scales(options, "..x...") == [8, 8, 8, 8, 8, 16])
        #expect(scales(options, "xx") == [8, 4])
        #expect(scales(options, "x.x.xxx") == [8, 8, 8, 8, 8, 4, 4])
        #expect(scales(options, "xxxx") == [8, 4, 4, 2])
    }

    @Test func `with a limit of one every overflow lowers it`() {
        #expect(scales(LossScalerOptions(initialScale: 8, backoff: .consecutive(1)), "x.xx") == [4, 4, 2, 1])
    }

    @Test func `hysteresis forgives the first overflows until the scale grows again`() {
        let options = LossScalerOptions(initialScale: 64, growthInterval: 2, backoff: .hysteresis(2))
        // The good update between two overflows gives no forgiveness back; growth does.
        #expect(scales(options, "x.xx") == [64, 64, 32, 16])
        #expect(scales(options, "xx..xx") == [64, 32, 32, 64, 64, 32])
    }

    @Test func `an overflow at the floor is an alarm, and the scale stays there`() {
        var scaler = LossScaler(options: LossScalerOptions(initialScale: 4, backoff: .consecutive(1), minimumScale: 2))
        #expect(scaler.recordOverflow() == .expected)
        #expect(scaler.scale == 2)
        #expect(scaler.recordOverflow() == .atFloor)
        #expect(scaler.scale == 2)
    }

    @Test func `growth ends at the maximum`() {
        let options = LossScalerOptions(initialScale: 4, growthInterval: 1, maximumScale: 8)
        #expect(scales(options, "...") == [8, 8, 8])
    }

    @Test func `a saved state goes on where it stood`() throws {
        let options = LossScalerOptions(initialScale: 0.1, growthInterval: 3, backoff: .consecutive(2))
        var scaler = LossScaler(options: options)
        for _ in 0..<5 { scaler.recordGood() }
        _ = scaler.recordOverflow()
        let saved = try #require(LossScaler.State(values: scaler.state.values))
        #expect(LossScaler(options: options, restoring: saved) == scaler)
        #expect(saved == LossScaler.State(scale: 0.2, good: 0, bad: 1))
    }

    @Test(arguments: [
        [:], ["loss_scale": "1"], ["loss_scale": "nan", "loss_scale_good": "1", "loss_scale_bad": "0"],
        ["loss_scale": "0", "loss_scale_good": "1", "loss_scale_bad": "0"],
        ["loss_scale": "2", "loss_scale_good": "-1", "loss_scale_bad": "0"],
    ])
    func `words that are no state are not taken for one`(values: [String: String]) {
        #expect(LossScaler.State(values: values) == nil)
    }
}
