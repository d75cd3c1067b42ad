internal import Glibc

/// Low-rank adapters of a model (Hu et al., 2021): each target's weight W is used as W + scale * B A, and only A and B
/// are trained.
package struct AdapterOptions: Sendable, Equatable {
    package enum Scaling: String, Sendable {
        /// alpha / rank.
        case classic
        /// alpha / root of rank (Kalajdzievski, 2023).
        case rankStabilized
    }

    /// Which linear layers are adapted.
    package enum Targets: Sendable, Equatable {
        /// Those whose name is one of these or ends in a dot and one of these.
        case named([String])
        /// Every linear layer of every block.
        case allLinear
    }

    package var rank: Int
    package var alpha: Float
    package var targets: Targets
    package var scaling: Scaling
    /// Probability with which an adapter's input is dropped while it trains. Known from files: such an adapter is used
    /// and merged as any other, but training it is refused, as nothing would be dropped.
    package var dropout: Float

    package init(rank: Int, alpha: Float, targets: Targets, scaling: Scaling = .classic, dropout: Float = 0) {
        self.rank = rank
        self.alpha = alpha
        self.targets = targets
        self.scaling = scaling
        self.dropout = dropout
    }

    /// What B A is multiplied by.
    package var scale: Float {
        switch scaling {
        case .classic: alpha / Float(rank)
        case .rankStabilized: alpha / Float(rank).squareRoot()
        }
    }

    /// Names of an adapter's matrices, as PEFT writes them.
    static let prefix = "base_model.model."
    static func downName(_ module: String) -> String { prefix + module + ".lora_A.weight" }
    static func upName(_ module: String) -> String { prefix + module + ".lora_B.weight" }

    /// Those of `modules` that are targets.
    /// - Throws: `.unsupportedModel` for a rank below 1 and for a target that names none of them.
    func selected(from modules: [String]) throws(ComputeError) -> [String] {
        guard rank >= 1, alpha.isFinite else { throw AdapterOptions.refused("rank \(rank), alpha \(alpha)", modules) }
        guard case .named(let names) = targets else { return modules }
        func matches(_ module: String, _ name: String) -> Bool { module == name || module.hasSuffix("." + name) }
        if let name = names.first(where: { name in !modules.contains { matches($0, name) } }) {
            throw AdapterOptions.refused("the target '\(name)' is no linear layer of it", modules)
        }
        guard !names.isEmpty else { throw AdapterOptions.refused("no targets", modules) }
        return modules.filter { module in names.contains { matches(module, $0) } }
    }

    /// - Throws: `.unsupportedModel` for an adapter that training would treat otherwise than its file says.
    func checkTrainable() throws(ComputeError) {
        guard dropout != 0 else { return }
        throw ComputeError(
            .unsupportedModel, summary: "Training an adapter with lora_dropout \(dropout) is not supported.",
            detail: "Nothing would be dropped, and the result would not be what the adapter's configuration says.",
            hint: "Set lora_dropout to 0 in adapter_config.json, or only evaluate or merge the adapter.")
    }

    private static func refused(_ reason: String, _ modules: [String]) -> ComputeError {
        let known = Set(modules.map { $0.split(separator: ".").last.map(String.init) ?? $0 }).sorted()
        return ComputeError(
            .unsupportedModel, summary: "The adapter does not fit the model: \(reason).",
            detail: "Its linear layers are \(known.joined(separator: ", ")).",
            hint: "Correct the rank, alpha and target modules.")
    }
}

extension ModelSpec {
    /// The linear layers of all blocks, by module name: what an adapter may attach to.
    package var linearModules: [String] {
        let names = tensorNames
        let modules = names.queryKeyValue + [names.projection] + names.expansion + [names.contraction]
        return (0..<layers).flatMap { layer in modules.map { names.name($0, layer: layer) } }
    }

    /// The model's tensors with an adapter's behind them. Only those, and the value head, are trained.
    /// - Throws: `.unsupportedModel` where the adapter does not fit.
    package func parameterTable(adapter: AdapterOptions) throws(ComputeError) -> ParameterTable {
        let base = parameterTable()
        let targets = try adapter.selected(from: linearModules)
        var table = ParameterTable()
        for parameter in base.parameters {
            table.append(
                name: parameter.name, shape: parameter.shape, isDecayed: parameter.isDecayed,
                isTrained: parameter.name == TensorNames.score + ".weight")
        }
        for module in targets {
            guard let weight = base[module + ".weight"] else { continue }
            let isInputsFirst = tensorNames.layout == .inputsFirst
            let (inputs, outputs) = (weight.shape[isInputsFirst ? 0 : 1], weight.shape[isInputsFirst ? 1 : 0])
            table.append(name: AdapterOptions.downName(module), shape: [adapter.rank, inputs], isDecayed: true)
            table.append(name: AdapterOptions.upName(module), shape: [outputs, adapter.rank], isDecayed: true)
        }
        return table
    }
}

extension ParameterTable {
    /// The adapter's matrices in pairs: A, then B.
    func adapterPairs() -> [(down: Parameter, up: Parameter)] {
        parameters.filter { $0.name.hasSuffix(".lora_A.weight") }.compactMap { down in
            let module = down.name.dropFirst(AdapterOptions.prefix.count).dropLast(".lora_A.weight".count)
            return self[AdapterOptions.upName(String(module))].map { (down, $0) }
        }
    }

    /// A uniform as Kaiming's rule with a = root of 5 has it, which is within one over the root of the inputs; B zero.
    func initializeAdapter(_ weights: Arena, generator: inout SeededGenerator) {
        for (down, up) in adapterPairs() {
            let bound = 1 / Float(down.shape[1]).squareRoot()
            for index in down.range { weights.base[index] = Float.random(in: -bound...bound, using: &generator) }
            for index in up.range { weights.base[index] = 0 }
        }
    }
}
