import ArgumentParser
import Orchestrator

/// Makes datasets.
struct DataCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "data", abstract: "Make a dataset.", subcommands: [Arithmetic.self])

    /// Two-digit additions as jsonl.
    struct Arithmetic: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Write two-digit additions as jsonl: train.jsonl and heldout.jsonl.")

        @Option(help: "The folder to write to.")
        var out: String

        @Option(help: "Which rows are held out, and the order of all rows.")
        var seed = ArithmeticData.seed

        @Option(help: "Rows that are held out, of 8100.")
        var heldOut = ArithmeticData.heldOutRows

        @Flag(help: "Print JSON.")
        var json = false

        private struct Result: Encodable {
            let train: String
            let heldout: String
            let trainRows: Int
            let heldoutRows: Int
        }

        func run() throws {
            let written = try ArithmeticData.write(to: out, seed: seed, heldOutRows: heldOut)
            if json {
                return try Output.json(
                    Result(
                        train: written.training, heldout: written.heldOut, trainRows: written.trainingRows,
                        heldoutRows: written.heldOutRows))
            }
            Output.line("\(written.training)\t\(written.trainingRows) rows")
            Output.line("\(written.heldOut)\t\(written.heldOutRows) rows")
        }
    }
}
