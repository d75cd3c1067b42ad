import Foundation
import Protocol
import TestSupport
import Testing

@testable import Workers

/// A checkpoint that was whole when it was written and is damaged when a trial is to go on from it.
@Suite struct `A damaged checkpoint` {
    private let fixture: ExecutorFixture

    init() throws {
        fixture = try ExecutorFixture()
        try fixture.open()
    }

    private var roleFolder: String { fixture.folder.file("checkpoints/actor") }
    private func path(_ step: Int) -> String { "\(roleFolder)/step-\(step)" }

    private func save(_ steps: [UInt64]) throws {
        for step in steps {
            _ = try fixture.executor.model(of: .actor).save(to: roleFolder, step: step)
        }
    }

    private func damage(_ step: Int, file: String = "model.safetensors") throws {
        let place = "\(path(step))/\(file)"
        var bytes = try Data(contentsOf: URL(fileURLWithPath: place))
        bytes[bytes.count / 2] ^= 1
        try bytes.write(to: URL(fileURLWithPath: place))
    }

    private func initialize(recover: Int? = nil, weights: Int? = nil, step: UInt64) -> String {
        let source: Initialization.Weights =
            switch (recover, weights) {
            case (let recover?, _): .recovered(from: path(recover))
            case (nil, let weights?): .loaded(from: path(weights))
            case (nil, nil): .random
            }
        let body = Request.Body.initialize(ModelName(.actor), Initialization(weights: source))
        return fixture.run([fixture.request(body, step: step)])[0].failure ?? ""
    }

    private var names: [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: roleFolder)) ?? []).sorted()
    }

    @Test func `is passed over for an older whole one, and the log says which and why`() throws {
        try save([3, 7, 9])
        try damage(9)
        let error = initialize(recover: 9, step: 9)
        #expect(
            error == """
                the checkpoint \(path(9)) is passed over: model.safetensors cannot be used: does not match the checksum \
                in the manifest
                It is now \(path(9)).invalid.
                hint: the next attempt goes on from step 7
                """)
        #expect(names == ["step-3", "step-7", "step-9.invalid"])
        let logged = fixture.queue.drain().contains {
            if case .log(let log) = $0 { log.level == "error" && log.message.contains("is passed over") } else { false }
        }
        #expect(logged)
        #expect(initialize(recover: 7, step: 7) == "")
    }

    @Test func `is passed over again where the next one is damaged too`() throws {
        try save([3, 7, 9])
        try damage(9)
        try damage(7)
        #expect(initialize(recover: 9, step: 9).hasSuffix("hint: the next attempt goes on from step 3"))
        #expect(initialize(recover: 7, step: 7).hasSuffix("hint: the next attempt goes on from step 3"))
        #expect(names == ["step-3", "step-7.invalid", "step-9.invalid"])
    }

    @Test(arguments: ["manifest.json", "state.json", "config.json", "tokenizer.json", "optimizer.safetensors"])
    func `counts as damaged whichever of its files is gone`(file: String) throws {
        try save([3, 9])
        try FileManager.default.removeItem(atPath: "\(path(9))/\(file)")
        #expect(initialize(recover: 9, step: 9).contains("is passed over"))
        #expect(names == ["step-3", "step-9.invalid"])
    }

    @Test func `stays where it is when there is no older one: nobody asked to begin anew`() throws {
        try save([9])
        try damage(9)
        #expect(initialize(recover: 9, step: 9).hasPrefix("model.safetensors cannot be used: "))
        #expect(names == ["step-9"])
    }

    @Test func `stays where it is when only newer ones are whole`() throws {
        try save([9, 12])
        try damage(9)
        #expect(initialize(recover: 9, step: 9).hasPrefix("model.safetensors cannot be used: "))
        #expect(names == ["step-12", "step-9"])
    }

    /// A trial in the middle of its second setup goes on from there; the first one's end is only read for a reference.
    @Test func `stays where it is when it is not the step to go on from`() throws {
        try save([1, 3])
        try damage(3)
        #expect(initialize(weights: 3, step: 4).hasPrefix("model.safetensors cannot be used: "))
        #expect(names == ["step-1", "step-3"])
    }

    @Test func `is passed over at the beginning of a setup as well`() throws {
        try save([1, 3])
        try damage(3)
        #expect(initialize(weights: 3, step: 3).contains("is passed over"))
        #expect(names == ["step-1", "step-3.invalid"])
    }

    @Test func `takes the place of one that was set aside before`() throws {
        try save([3, 9])
        try damage(9)
        _ = initialize(recover: 9, step: 9)
        try save([9])
        try damage(9)
        #expect(initialize(recover: 9, step: 9).contains("is passed over"))
        #expect(names == ["step-3", "step-9.invalid"])
    }

    @Test func `is not to blame for another vocabulary`() throws {
        try save([3, 9])
        let other = try ExecutorFixture(rows: TinyTrial.rows.map { $0.replacing("+", with: "*") })
        _ = try other.answer(other.request(.spec))
        let body = Request.Body.initialize(ModelName(.actor), Initialization(weights: .recovered(from: path(9))))
        let reply = other.run([other.request(body, step: 9)])[0]
        #expect(reply.failure?.contains("another vocabulary") == true)
        #expect(names == ["step-3", "step-9"])
    }
}
