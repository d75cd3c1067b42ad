internal import CKernels

/// Keys and values of every slot and layer.
///
/// A slot's layer is its keys, then its values. Keys are interleaved in blocks of positions as the attention kernel
/// wants them (`[block][channel][position in block]`), values are plain rows. One more slot than asked for is the spare
/// place where a prompt waits for the rest of its samples.
struct KeyValueCache {
    let slots: Int
    let width: Int
    /// Floats from one block of keys to the next.
    let keyBlock: Int
    private let layers: Int
    private let memory: Arena
    /// Positions a slot has room for, whole blocks.
    private let positions: Int

    private static let blockPositions = KERNELS_KEY_POSITIONS

    init(slots: Int, capacity: Int, layers: Int, width: Int) throws(ComputeError) {
        self.slots = slots
        self.layers = layers
        self.width = width
        keyBlock = width * Self.blockPositions
        positions = Self.rounded(capacity)
        memory = try Arena(count: (slots + 1) * Self.slotFloats(capacity: capacity, layers: layers, width: width))
    }

    /// Index of the spare slot.
    var spare: Int { slots }

    /// Floats one slot takes.
    static func slotFloats(capacity: Int, layers: Int, width: Int) -> Int { rounded(capacity) * layers * 2 * width }

    /// First key of a slot in a layer; valid while the cache lives.
    func keys(slot: Int, layer: Int) -> UnsafeMutablePointer<Float> {
        memory.base + (slot * layers + layer) * positions * 2 * width
    }

    /// First value of a slot in a layer; valid while the cache lives.
    func values(slot: Int, layer: Int) -> UnsafeMutablePointer<Float> {
        keys(slot: slot, layer: layer) + positions * width
    }

    /// Stores the key and value of one position.
    func store(key: UnsafePointer<Float>, value: UnsafePointer<Float>, slot: Int, layer: Int, position: Int) {
        let (block, place) = position.quotientAndRemainder(dividingBy: Self.blockPositions)
        let keys = keys(slot: slot, layer: layer) + block * keyBlock + place
        for channel in 0..<width { keys[channel * Self.blockPositions] = key[channel] }
        (values(slot: slot, layer: layer) + position * width).update(from: value, count: width)
    }

    /// Copies the first `count` positions of every layer from one slot to another, and the rest of their last block,
    /// which is written before it is read.
    func copy(positions count: Int, from source: Int, to target: Int) {
        for layer in 0..<layers {
            keys(slot: target, layer: layer)
                .update(from: keys(slot: source, layer: layer), count: Self.rounded(count) * width)
            values(slot: target, layer: layer).update(from: values(slot: source, layer: layer), count: count * width)
        }
    }

    private static func rounded(_ count: Int) -> Int {
        (count + blockPositions - 1) / blockPositions * blockPositions
    }
}
