internal import CKernels

/// How generation keeps keys and values.
package struct CacheOptions: Sendable, Equatable {
    /// What a number of the cache takes.
    package enum Storage: Sendable, Equatable {
        /// As computed: answers and log-probabilities are those of the training forward.
        case float32
        /// Rounded to bfloat16: half the memory and traffic, log-probabilities differ in the third digit.
        case bfloat16
    }

    package var storage: Storage
    /// Positions a page holds: a multiple of 16. Answers do not depend on it.
    package var pagePositions: Int
    /// Memory for pages beyond which rows wait; a single row is always let in.
    package var byteLimit: Int

    package init(storage: Storage = .float32, pagePositions: Int = 32, byteLimit: Int = 1 << 30) {
        self.storage = storage
        self.pagePositions = pagePositions
        self.byteLimit = byteLimit
    }

    /// Why the cache cannot be laid out like this, or nil.
    var fault: String? {
        if pagePositions < 16 || pagePositions % 16 != 0 || pagePositions > 1 << 16 {
            return "pagePositions is \(pagePositions) and must be a multiple of 16"
        }
        return byteLimit < 0 ? "byteLimit is \(byteLimit)" : nil
    }
}

/// Where keys and values lie in a page.
///
/// A page holds some positions of one row in all layers: per layer all heads' keys, then all heads' values. A head's
/// keys are blocks of 16 positions, `[block][channel][position in block]`, as the attention kernel wants them; its
/// values are plain rows. So all a pass over one layer reads of a page lies together.
struct CacheLayout: Equatable {
    let layers: Int
    let heads: Int
    let headWidth: Int
    let positions: Int
    let storage: CacheOptions.Storage

    init(spec: ModelSpec, options: CacheOptions) {
        layers = spec.layers
        heads = spec.keyValueHeads
        headWidth = spec.headWidth
        positions = options.pagePositions
        storage = options.storage
    }

    /// Bytes of one page.
    var pageBytes: Int { layers * layerElements * elementBytes }

    /// Pages that hold `count` positions.
    func pages(for count: Int) -> Int { (count + positions - 1) / positions }

    /// Elements from a page's start to the first key of a head.
    func keyOffset(layer: Int, head: Int) -> Int { layer * layerElements + head * headElements }

    /// Elements from a page's start to the first value of a head.
    func valueOffset(layer: Int, head: Int) -> Int { keyOffset(layer: layer, head: heads + head) }

    /// The storage's number among the kernels'.
    var kernelStorage: Int32 {
        switch storage {
        case .float32: Int32(KERNELS_F32)
        case .bfloat16: Int32(KERNELS_BF16)
        }
    }

    private var elementBytes: Int { storage == .float32 ? 4 : 2 }
    private var headElements: Int { positions * headWidth }
    private var layerElements: Int { 2 * heads * headElements }
}
