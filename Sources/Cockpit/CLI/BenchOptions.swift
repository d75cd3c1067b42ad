import ArgumentParser

/// What the compute benchmarks have in common.
struct BenchOptions: ParsableArguments {
    @Option(name: .customLong("case"), help: "The case to run.")
    var name = "tiny"

    @Option(help: "Compute threads.")
    var threads = 2

    @Option(help: "How long to measure, warm-up and profile not counted.")
    var seconds = 3.0

    func validate() throws {
        guard 0...600 ~= seconds else { throw ValidationError("--seconds is in 0...600") }
    }
}
