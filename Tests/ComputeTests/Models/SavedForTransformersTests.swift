import Foundation
import Testing

@testable import Compute

/// Folders that `transformers` is to load: `Fixtures/check_saved_checkpoints.py` compares their logits.
///
///     SAVED_CHECKPOINTS=/tmp/saved swift test --filter 'Saved for transformers'
///     python Tests/ComputeTests/Fixtures/check_saved_checkpoints.py /tmp/saved
@Suite struct `Saved for transformers` {
    static let forms: [(String, ModelExport.Format)] = [
        ("f32", .init()), ("sharded", .init(largestShard: 8 << 10)), ("bf16", .init(type: .bfloat16)),
        ("f16", .init(type: .float16, largestShard: 8 << 10)),
    ]

    @Test(arguments: ModelFixture.names)
    func `every fixture is written in every form with the logits it must give`(name: String) throws {
        let scratch = try ScratchFolder()
        let root = ProcessInfo.processInfo.environment["SAVED_CHECKPOINTS"] ?? scratch.path
        try SystemFiles().makeFolder(root)
        let fixture = try ModelFixture(name)
        let model = try fixture.model()
        for (form, format) in Self.forms {
            let path = "\(root)/\(name)-\(form)"
            try SystemFiles().removeFolder(path)
            try model.export(to: path, format: format)
            let saved = try LanguageModel(spec: model.spec, seed: 1, pool: model.pool)
            try saved.loadWeights(from: Checkpoint.openExternal(path))
            let logits = try saved.logits(fixture.batch)
            // The rounding of the short types is far from what a wrong layout would do.
            let tolerance: Float = format.type == .float32 ? 2e-5 : format.type == .float16 ? 0.02 : 0.2
            let error = logits.distance(from: try fixture.values("outputs"))
            #expect(error < tolerance, "\(form)")
            let text = ExpectedLogits(sequences: fixture.expected.sequences, logits: logits)
            try ScratchFolder.overwrite(path + "/logits.json", with: Array(JSONEncoder().encode(text)))
        }
    }
}

private struct ExpectedLogits: Encodable {
    let sequences: [[Int32]]
    let logits: [Float]
}
