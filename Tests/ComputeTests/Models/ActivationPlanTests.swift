import Testing

@testable import Compute

extension BlockActivations {
    fileprivate var own: [(String, Region)] {
        [
            ("middle", middle), ("norm1", norm1.output), ("norm1 mean", norm1.mean),
            ("norm1 deviation", norm1.inverseDeviation), ("queryKeyValue", queryKeyValue), ("logSums", logSums),
            ("attended", attended), ("norm2", norm2.output), ("norm2 mean", norm2.mean),
            ("norm2 deviation", norm2.inverseDeviation), ("hidden", hidden), ("activated", activated),
        ]
    }
}

@Suite struct `Activation plan` {
    private static let specs = [
        ModelSpec.gpt2(vocabularySize: 3, contextLength: 4, width: 1, layers: 1, heads: 1),
        ModelSpec.gpt2(vocabularySize: 10, contextLength: 8, width: 12, layers: 3, heads: 3, mlpWidth: 7),
        ModelSpec.gpt2(vocabularySize: 96, contextLength: 128, width: 128, layers: 4, heads: 4),
    ]

    /// Every region with a name, in which the residual stream's appears once although two blocks share it.
    private func regions(_ plan: ActivationPlan) -> [(String, Region)] {
        var regions: [(String, Region)] = []
        for (index, block) in plan.blocks.enumerated() where plan.retention == .forBackward || index == 0 {
            regions.append(("block \(index) input", block.input))
            regions += block.own.map { ("block \(index) \($0)", $1) }
        }
        if plan.retention == .forBackward { regions.append(("output", plan.output)) }
        return regions + [
            ("final norm", plan.finalNorm.output), ("final mean", plan.finalNorm.mean),
            ("final deviation", plan.finalNorm.inverseDeviation), ("head", plan.headLogSums),
        ]
    }

    /// No two ranges overlap, all begin on a cache line, and the last ends inside the arena.
    private func check(_ regions: [(String, Region)], rows: Int, count: Int) {
        let sorted = regions.sorted { $0.1.offset < $1.1.offset }
        for (one, next) in zip(sorted, sorted.dropFirst()) {
            #expect(one.1.offset + rows * one.1.width <= next.1.offset, "\(one.0) and \(next.0)")
        }
        #expect(sorted.allSatisfy { $0.1.offset % 16 == 0 })
        #expect(sorted.allSatisfy { $0.1.offset + rows * $0.1.width <= count })
    }

    @Test(arguments: 0..<3, [1, 2, 15, 16, 17, 100])
    func `no two activations that live together overlap`(index: Int, rows: Int) {
        let spec = Self.specs[index]
        for retention in [ActivationPlan.Retention.forBackward, .none] {
            let plan = ActivationPlan(spec: spec, rows: rows, retention: retention)
            #expect(plan.blocks.count == spec.layers)
            check(regions(plan), rows: rows, count: plan.count)
        }
    }

    @Test(arguments: 0..<3)
    func `each block's output is the next one's input`(index: Int) {
        let plan = ActivationPlan(spec: Self.specs[index], rows: 5, retention: .forBackward)
        for block in 0..<plan.blocks.count {
            let next = block + 1 < plan.blocks.count ? plan.blocks[block + 1].input : plan.output
            #expect(plan.output(ofBlock: block).offset == next.offset)
            #expect(plan.output(ofBlock: block).offset != plan.blocks[block].input.offset)
        }
    }

    @Test func `without a backward pass memory does not grow with the layers`() {
        let counts = [1, 2, 30].map { layers in
            let spec = ModelSpec.gpt2(vocabularySize: 5, contextLength: 8, width: 12, layers: layers, heads: 2)
            return ActivationPlan(spec: spec, rows: 64, retention: .none).count
        }
        #expect(counts[0] == counts[1] && counts[1] == counts[2])
        let plan = ActivationPlan(spec: Self.specs[1], rows: 9, retention: .none)
        #expect((0..<3).allSatisfy { plan.output(ofBlock: $0).offset == plan.blocks[0].input.offset })
    }

    @Test(arguments: [(1, 0), (7, 40), (512, 256)])
    func `gradients of activations do not overlap either`(rows: Int, partials: Int) {
        let spec = Self.specs[1]
        let plan = BackwardPlan(spec: spec, rows: rows, partials: partials)
        let regions = [
            ("dResidual", plan.dResidual), ("dNorm", plan.dNorm), ("dAttended", plan.dAttended),
            ("dQueryKeyValue", plan.dQueryKeyValue), ("dHidden", plan.dHidden),
        ]
        check(regions, rows: rows, count: plan.count)
        #expect(plan.normPartials.offset + partials <= plan.count)
    }

    @Test func `a row's address moves by each region's own width`() throws {
        let arena = try Arena(count: 64)
        let region = Region(offset: 16, width: 3)
        #expect(ActivationRows(base: arena.base, row: 0)[region] == arena.base + 16)
        #expect(ActivationRows(base: arena.base, row: 5)[region] == arena.base + 31)
    }
}
