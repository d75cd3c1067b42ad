/// What a worker does during a span of the timeline, and the glyph and role that show it.
enum SpanKind: Hashable, CaseIterable, Sendable {
    case initialize
    case generate
    case inference
    case train
    case evaluate
    case save
    case sync

    /// Something without a length of its own: a request, a restart.
    case event
    case failure

    /// Waits for the others.
    case waitPeer

    var role: Role {
        switch self {
        case .initialize: .mfcInitialize
        case .generate: .mfcGenerate
        case .inference: .mfcInference
        case .train: .mfcTrain
        case .evaluate: .mfcEvaluate
        case .save: .mfcSave
        case .sync: .mfcSync
        case .event: .dim
        case .failure: .statusFailed
        case .waitPeer: .mfcIdle
        }
    }

    func glyph(in glyphs: Glyphs) -> Unicode.Scalar {
        switch self {
        case .generate: glyphs.generate
        case .inference: glyphs.inference
        case .evaluate: glyphs.evaluate
        case .initialize: glyphs.initialize
        case .train: glyphs.train
        case .sync: glyphs.sync
        case .save: glyphs.save
        case .event: glyphs.tick
        case .failure: glyphs.failed
        case .waitPeer: glyphs.idle
        }
    }

    /// Whether it takes time; the others are marks, which stand as what they are however short.
    var hasLength: Bool {
        switch self {
        case .initialize, .generate, .inference, .train, .evaluate, .sync: true
        case .save, .event, .failure, .waitPeer: false
        }
    }

    /// Whether the last cell of a span can be drawn as a part of a block.
    var hasPartialBlocks: Bool { self == .train }
}
