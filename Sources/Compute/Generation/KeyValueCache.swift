/// Keys and values of every slot and layer, side by side: `[slot][layer][position][key | value]`.
///
/// One more slot than asked for is the spare place where a prompt waits for the rest of its samples.
struct KeyValueCache {
    let slots: Int
    /// Positions a slot has room for.
    let capacity: Int
    /// Floats from one position to the next: a key and a value of the model's width.
    let stride: Int
    private let layers: Int
    private let memory: Arena

    init(slots: Int, capacity: Int, layers: Int, width: Int) throws(ComputeError) {
        self.slots = slots
        self.capacity = capacity
        self.layers = layers
        stride = 2 * width
        memory = try Arena(count: (slots + 1) * capacity * layers * 2 * width)
    }

    /// Index of the spare slot.
    var spare: Int { slots }

    /// Floats of one slot.
    static func slotSize(capacity: Int, layers: Int, width: Int) -> Int { capacity * layers * 2 * width }

    /// First key of a slot in a layer; valid while the cache lives.
    func base(slot: Int, layer: Int) -> UnsafeMutablePointer<Float> {
        memory.base + (slot * layers + layer) * capacity * stride
    }

    /// Copies the first `positions` of every layer from one slot to another.
    func copy(positions: Int, from source: Int, to target: Int) {
        for layer in 0..<layers {
            base(slot: target, layer: layer).update(from: base(slot: source, layer: layer), count: positions * stride)
        }
    }
}
