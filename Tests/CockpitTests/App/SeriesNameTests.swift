import Testing

@testable import Cockpit

@Suite struct `The name of a series` {
    @Test(arguments: [
        ("grpo_actor/reward", "reward"), ("loss", "loss"), ("a/b/c", "c"), ("", ""), ("/", "/"), ("a/", "a"),
    ])
    func `is its last part`(key: String, name: String) {
        #expect(SeriesName.last(of: key) == name)
    }

    @Test(
        arguments: [
            ("grpo_actor/reward", 17, "grpo_actor/reward"), ("grpo_actor/reward", 16, "reward"),
            ("a/run/loss", 8, "run/loss"), ("a/run/loss", 7, "a/run/loss"), ("b/loss", 6, "b/loss"),
            ("long_name", 3, "long_name"), ("x/long_name", 3, "long_name"),
        ])
    func `begins as far left as there is room`(key: String, width: Int, name: String) {
        let keys = ["grpo_actor/reward", "a/run/loss", "b/loss", "long_name", "x/long_name"]
        let others = key.hasPrefix("x/") ? keys.filter { $0 != "long_name" } : keys.filter { $0 != "x/long_name" }
        #expect(SeriesName.fitted(key, among: others, to: width) == name)
    }

    @Test func `is whole where two end alike`() {
        let keys = ["sft/loss", "eval/loss", "eval/accuracy", "grpo_actor/actor_loss"]
        #expect(
            keys.map { SeriesName.short($0, among: keys) } == ["sft/loss", "eval/loss", "accuracy", "actor_loss"])
    }
}
