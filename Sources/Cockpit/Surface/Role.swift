/// What a cell means, which is all that drawing code says about colour; a theme turns it into colours and attributes.
///
/// Roles named `…Background` are for the background of a cell, all others for its foreground.
enum Role: UInt8, CaseIterable, Sendable {
    case background
    case foreground
    case dim
    case title
    case accent
    case border
    case borderFocus
    case key
    case footerBackground
    case selectionBackground
    case selectionForeground
    case statusPending
    case statusStarting
    case statusRunning
    case statusPaused
    case statusStopping
    case statusDone
    case statusFailed
    case statusLost
    case mfcInitialize
    case mfcGenerate
    case mfcInference
    case mfcTrain
    case mfcEvaluate
    case mfcSave
    case mfcSync
    case mfcIdle
    case series1
    case series2
    case series3
    case series4
    case series5
    case series6
    case series7
    case series8
    case series9
    case series10
    case series11
    case series12
    case meterLow
    case meterMiddle
    case meterHigh
    case meterBackground
    case logDebug
    case logInfo
    case logWarning
    case logError
    case diffChanged
    case cross
    case alertBackground
    case alertForeground

    /// The colour of the n-th series of a chart, counted from 0; the twelve colours repeat.
    static func series(_ index: Int) -> Role {
        let first = Int(Role.series1.rawValue)
        return Role(rawValue: UInt8(first + ((index % 12) + 12) % 12)) ?? .series1
    }
}

// MARK: - Names in theme files

extension Role {
    /// The name in theme files, e.g. `status.failed`.
    var name: String { Self.names[Int(rawValue)] }

    /// The role a theme file names, in words of now or of older files.
    init?(name: String) {
        let isOlder = name.hasPrefix(Self.olderPrefix)
        let current = isOlder ? "mfc.\(name.dropFirst(Self.olderPrefix.count))" : name
        guard let index = Self.names.firstIndex(of: current) else { return nil }
        self.init(rawValue: UInt8(index))
    }

    /// Whether the role colours the background of cells.
    var isBackground: Bool {
        switch self {
        case .background, .footerBackground, .selectionBackground, .meterBackground, .alertBackground: true
        default: false
        }
    }

    private static let names: [String] = [
        "bg", "fg", "dim", "title", "accent", "border", "border.focus", "key", "footer.bg", "selection.bg",
        "selection.fg",
        "status.pending", "status.starting", "status.running", "status.paused", "status.stopping", "status.done",
        "status.failed", "status.lost",
        "mfc.initialize", "mfc.generate", "mfc.inference", "mfc.train", "mfc.evaluate", "mfc.save", "mfc.sync",
        "mfc.idle",
        "series.1", "series.2", "series.3", "series.4", "series.5", "series.6", "series.7", "series.8", "series.9",
        "series.10", "series.11", "series.12",
        "meter.low", "meter.mid", "meter.high", "meter.bg",
        "log.debug", "log.info", "log.warn", "log.error", "diff.chg", "cross", "alert.bg", "alert.fg",
    ]

    /// Names that nothing is drawn in any more. A theme file may still have them; they change nothing.
    static let retiredNames: Set<String> = [
        "mark.bg", "search.bg", "rpc.offload", "rpc.flush", "baseline", "heat.1", "heat.2", "heat.3", "heat.4",
        "heat.5", "heat.6", "heat.7", "diff.add", "diff.del", "grid",
    ]

    /// What `mfc.…` was called in older theme files.
    private static let olderPrefix = "rpc."
}
