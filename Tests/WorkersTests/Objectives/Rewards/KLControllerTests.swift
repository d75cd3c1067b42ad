import Testing

@testable import Workers

@Suite struct `The weight of the divergence` {
    @Test(arguments: try ObjectiveFixture.load().klController)
    func `is steered as the reference's`(item: ObjectiveFixture.Controller) throws {
        var controller = KLController(item.start, adaptation: .init(target: item.target, horizon: item.horizon))
        for step in item.steps {
            try controller.update(divergence: step[0], sequences: Int(step[1]))
            #expect(relativeError(controller.value / step[2], 1) < 1e-7)
        }
    }

    @Test(arguments: [(6.0, 0.1), (6.6, 0.101), (1000, 0.102), (-1000, 0.098), (0, 0.098)])
    func `moves by a fifth of the batch's share of the horizon at most`(divergence: Double, expected: Double) throws {
        var controller = KLController(0.1, adaptation: .init(target: 6, horizon: 1000))
        try controller.update(divergence: divergence, sequences: 100)
        #expect(abs(controller.value - expected) < 1e-12)
    }

    @Test func `stays where it is fixed`() throws {
        var controller = KLController(0.1)
        try controller.update(divergence: .nan, sequences: 100)
        #expect(controller.value == 0.1)
    }

    @Test(arguments: [Double.nan, .infinity]) func `is not steered by what is no number`(divergence: Double) {
        var controller = KLController(0.1, adaptation: .init())
        #expect(throws: WorkerError.self) { try controller.update(divergence: divergence, sequences: 1) }
        #expect(controller.value == 0.1)
    }
}
