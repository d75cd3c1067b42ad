/// Finds the tensors of a table that the model's own spec listed, and makes layers of them.
struct ParameterLookup {
    let spec: ModelSpec
    let table: ParameterTable
    let names: TensorNames

    init(spec: ModelSpec, table: ParameterTable) {
        self.spec = spec
        self.table = table
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
        Linear(parameter("\(name).weight"), bias: table["\(name).bias"], layout: names.layout, packed: &packed)
    }
}
