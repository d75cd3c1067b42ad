package import Compute
package import Protocol

/// How a model is run, trained or not: declared and read here and nowhere else.
package struct ModelArguments: Sendable {
    private static let isRounded = Condition("precision", .isOneOf(["bf16", "fp16"]))
    package static let declared = [
        Argument(
            "precision", .choice(PrecisionMode.allCases.map(\.rawValue)), default: "f32",
            "format of products, in grpo of the reference too; all but f32 are emulated where the processor lacks them"),
        Argument(
            "precision_white_list", .text, default: "",
            "ops to round beside matmul and attention, with commas between them: lookup_table", when: isRounded),
        Argument(
            "precision_black_list", .text, default: "",
            "ops that stay in single precision, with commas between them: matmul, attention", when: isRounded),
        Argument(
            "recompute", .choice(["none", "blocks"]), default: "none",
            "blocks: keep only the input of each block and compute the rest again, for less memory"),
    ]

    /// Without an adapter, which belongs to what trains.
    package let options: ModelOptions

    /// - Throws: `WorkerError` for a list with an op that is none, or lists that contradict each other.
    package init(_ given: GivenArguments) throws {
        try self.init(values: ArgumentValues(given, of: "a model", declared: Self.declared))
    }

    init(values: ArgumentValues) throws {
        let mode = PrecisionMode(rawValue: try values.text("precision")) ?? .float32
        let white = try Self.ops("precision_white_list", values), black = try Self.ops("precision_black_list", values)
        let precision: Precision
        do {
            precision = try Precision(mode, whiteList: white, blackList: black)
        } catch {
            throw WorkerError(
                .plan, "\(values.label("precision_white_list")): \(error.summary)", detail: error.detail,
                hint: error.hint)
        }
        let recompute = RecomputeMode(rawValue: try values.text("recompute")) ?? .none
        options = ModelOptions(precision: precision, recompute: recompute)
    }

    private static func ops(_ name: String, _ values: ArgumentValues) throws -> Set<OpKind> {
        var ops: Set<OpKind> = []
        for word in try values.words(name) {
            guard let op = OpKind(rawValue: word) else {
                let known = OpKind.allCases.map(\.rawValue)
                throw values.refusal(
                    name, mustBe: "ops with commas between them.\(Suggestion.phrase(for: word, among: known))",
                    detail: "There is no op '\(word)'.", hint: "ops: \(known.joined(separator: ", "))")
            }
            ops.insert(op)
        }
        return ops
    }
}
