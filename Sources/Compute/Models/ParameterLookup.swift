/// Finds the tensors of a table that the model's own spec listed, and makes layers of them.
struct ParameterLookup {
    let spec: ModelSpec
    let table: ParameterTable
    let names: TensorNames
    /// Of the adapter whose matrices the table holds.
    let adapterScale: Float

    init(spec: ModelSpec, table: ParameterTable, adapterScale: Float = 1) {
        self.spec = spec
        self.table = table
        self.adapterScale = adapterScale
        names = spec.tensorNames
    }

    func parameter(_ name: String) -> Parameter {
        guard let parameter = table[name] else {
            preconditionFailure("The model's own parameter table lacks \(name).")
        }
        return parameter
    }

    func norm(_ name: String) -> Norm {
        Norm(gain: parameter("\(name).weight"), shift: table["\(name).bias"], epsilon: spec.normEpsilon)
    }

    func linear(_ name: String, packed: inout PackedLayout) -> Linear {
        var linear = Linear(
            parameter("\(name).weight"), bias: table["\(name).bias"], layout: names.layout, packed: &packed)
        if let down = table[AdapterOptions.downName(name)], let up = table[AdapterOptions.upName(name)] {
            linear.adapter = LowRankAdapter(down: down, up: up, scale: adapterScale, packed: &packed)
        }
        return linear
    }
}
