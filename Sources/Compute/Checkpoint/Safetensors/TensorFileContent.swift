/// The tensors of one safetensors file to be written: parameters and the arenas they lie in, each with a name suffix.
package struct TensorFileContent {
    /// Arenas in file order with what is appended to every tensor name.
    package let parts: [(suffix: String, arena: Arena)]
    package let parameters: [Parameter]
    /// What elements are rounded to; one of `TensorType.saved`.
    package let type: TensorType

    package init(table: ParameterTable, parts: [(suffix: String, arena: Arena)]) {
        self.init(parameters: table.parameters, parts: parts, type: .float32)
    }

    package init(parameters: [Parameter], parts: [(suffix: String, arena: Arena)], type: TensorType) {
        self.parameters = parameters
        self.parts = parts
        self.type = type
    }

    /// Calls `write` with the header, then with each tensor's bytes in file order.
    package func write<Fault: Error>(
        _ write: (UnsafeRawBufferPointer) throws(Fault) -> Void
    ) throws(Fault) {
        let tensors = parts.flatMap { part in parameters.map { ($0.name + part.suffix, $0.shape) } }
        let header = SafetensorsHeader.encode(tensors, type: type, metadata: ["format": "pt"])
        try header.withBytes(write)
        for part in parts {
            for parameter in parameters {
                let values = UnsafeBufferPointer(rebasing: part.arena.floats[parameter.range])
                if type == .float32 { try write(UnsafeRawBufferPointer(values)) } else { try narrowed(values, write) }
            }
        }
    }

    private func narrowed<Fault: Error>(
        _ values: UnsafeBufferPointer<Float>, _ write: (UnsafeRawBufferPointer) throws(Fault) -> Void
    ) throws(Fault) {
        let longestPiece = 1 << 18
        let piece = UnsafeMutableBufferPointer<UInt16>.allocate(capacity: min(longestPiece, values.count))
        defer { piece.deallocate() }
        var done = 0
        while done < values.count {
            let count = min(longestPiece, values.count - done)
            type.narrow(UnsafeBufferPointer(rebasing: values[done..<done + count]), into: piece)
            try write(UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: piece[..<count])))
            done += count
        }
    }
}
