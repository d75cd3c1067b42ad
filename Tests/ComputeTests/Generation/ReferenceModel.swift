import Glibc

@testable import Compute

/// GPT-2's forward pass written out in Double for one sequence, as slowly and plainly as possible.
struct ReferenceModel {
    let spec: ModelSpec
    let table: ParameterTable
    let weights: Arena

    /// Logits after every token.
    func logits(_ tokens: [Int32]) -> [[Double]] {
        var stream = tokens.enumerated().map { position, token in
            zip(row("transformer.wte.weight", Int(token)), row("transformer.wpe.weight", position)).map { $0 + $1 }
        }
        for layer in 0..<spec.layers {
            let name = "transformer.h.\(layer)"
            let normal = stream.map { norm($0, "\(name).ln_1") }
            let mixed = attend(normal.map { linear($0, "\(name).attn.c_attn") })
            stream = zip(stream, mixed).map { added($0, linear($1, "\(name).attn.c_proj")) }
            stream = stream.map { row in
                let hidden = linear(norm(row, "\(name).ln_2"), "\(name).mlp.c_fc").map(gelu)
                return added(row, linear(hidden, "\(name).mlp.c_proj"))
            }
        }
        return stream.map { row in
            let normal = norm(row, "transformer.ln_f")
            return (0..<spec.vocabularySize).map { token in dot(normal, self.row("transformer.wte.weight", token)) }
        }
    }

    private func attend(_ projected: [[Double]]) -> [[Double]] {
        let (width, size) = (spec.width, spec.headWidth)
        return projected.indices.map { query in
            (0..<spec.heads).flatMap { head in
                let part = { (row: Int, kind: Int) in
                    Array(projected[row][kind * width + head * size..<kind * width + (head + 1) * size])
                }
                let scores = (0...query).map { exp(dot(part(query, 0), part($0, 1)) / Double(size).squareRoot()) }
                let total = scores.reduce(0, +)
                return (0..<size).map { column in
                    (0...query).reduce(0.0) { $0 + scores[$1] / total * part($1, 2)[column] }
                }
            }
        }
    }

    private func row(_ name: String, _ index: Int) -> [Double] {
        guard let parameter = table[name] else { return [] }
        let width = parameter.shape[1]
        return (0..<width).map { Double(weights.base[parameter.offset + index * width + $0]) }
    }

    private func vector(_ name: String) -> [Double] {
        guard let parameter = table[name] else { return [] }
        return parameter.range.map { Double(weights.base[$0]) }
    }

    private func linear(_ input: [Double], _ name: String) -> [Double] {
        var output = vector("\(name).bias")
        for (index, value) in input.enumerated() {
            for (column, weight) in row("\(name).weight", index).enumerated() { output[column] += value * weight }
        }
        return output
    }

    private func norm(_ input: [Double], _ name: String) -> [Double] {
        let mean = input.reduce(0, +) / Double(input.count)
        let variance = input.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(input.count)
        let scale = 1 / (variance + Double(spec.normEpsilon)).squareRoot()
        return zip(zip(input, vector("\(name).weight")), vector("\(name).bias")).map { ($0.0 - mean) * scale * $0.1 + $1 }
    }

    private func gelu(_ x: Double) -> Double {
        0.5 * x * (1 + tanh((2 / Double.pi).squareRoot() * (x + 0.044715 * x * x * x)))
    }

    private func added(_ left: [Double], _ right: [Double]) -> [Double] { zip(left, right).map { $0 + $1 } }

    private func dot(_ left: [Double], _ right: [Double]) -> Double { zip(left, right).reduce(0) { $0 + $1.0 * $1.1 } }

    /// Log-probabilities of softmax(logits / temperature).
    static func logProbabilities(_ logits: [Double], temperature: Double = 1) -> [Double] {
        let scaled = logits.map { $0 / temperature }
        let peak = scaled.max() ?? 0
        let total = scaled.reduce(0) { $0 + exp($1 - peak) }
        return scaled.map { $0 - peak - log(total) }
    }
}
