/// What a worker does during a span of the timeline, and the glyph and role that show it.
enum SpanKind: Hashable, CaseIterable, Sendable {
    case initialize
    case generate
    case inference
    case train
    case evaluate
    case save
    case sync
    case offload
    case flush

    /// Something without a length of its own: a request, a restart.
    case event
    case failure

    /// A piece of the critical path.
    case critical
    case waitData
    case waitWeights
    case waitPeer

    var role: Role {
        switch self {
        case .initialize: .rpcInitialize
        case .generate: .rpcGenerate
        case .inference: .rpcInference
        case .train: .rpcTrain
        case .evaluate: .rpcEvaluate
        case .save: .rpcSave
        case .sync: .rpcSync
        case .offload: .rpcOffload
        case .flush: .rpcFlush
        case .event: .dim
        case .failure: .statusFailed
        case .critical: .accent
        case .waitData, .waitWeights, .waitPeer: .rpcIdle
        }
    }

    func glyph(in glyphs: Glyphs) -> Unicode.Scalar {
        switch self {
        case .generate: glyphs.generate
        case .inference: glyphs.inference
        case .evaluate: glyphs.evaluate
        case .initialize: glyphs.initialize
        case .train: glyphs.train
        case .sync, .offload, .flush: glyphs.sync
        case .save: glyphs.save
        case .event: glyphs.tick
        case .failure: glyphs.failed
        case .critical: glyphs.doubleHorizontal
        case .waitData: "d"
        case .waitWeights: "w"
        case .waitPeer: "p"
        }
    }

    /// Whether it takes time; the others are marks, which stand as what they are however short.
    var hasLength: Bool {
        switch self {
        case .initialize, .generate, .inference, .train, .evaluate, .sync: true
        case .save, .offload, .flush, .event, .failure, .critical, .waitData, .waitWeights, .waitPeer: false
        }
    }

    /// Whether the last cell of a span can be drawn as a part of a block.
    var hasPartialBlocks: Bool { self == .train }
}
