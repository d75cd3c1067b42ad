import Testing

@testable import Cockpit

@Suite struct `The name of a series` {
    @Test(arguments: [
        ("grpo_actor/reward", "reward"), ("loss", "loss"), ("a/b/c", "c"), ("", ""), ("/", "/"), ("a/", "a"),
    ])
    func `is its last part`(key: String, name: String) {
        #expect(SeriesName.last(of: key) == name)
    }

    @Test func `is whole where two end alike`() {
        let keys = ["sft/loss", "eval/loss", "eval/accuracy", "grpo_actor/actor_loss"]
        #expect(
            keys.map { SeriesName.short($0, among: keys) } == ["sft/loss", "eval/loss", "accuracy", "actor_loss"])
    }
}
