/// All panels, in the order of the tab key. A new panel is one file and one line here.
enum Panels {
    static let all: [any Panel] = [
        TimelinePanel(),
        BufferPanel(),
        DevicesPanel(),
        ChartsPanel(),
        WorkersPanel(),
        LogPanel(),
    ]

    static func panel(_ id: PaneID) -> any Panel {
        guard let found = all.first(where: { $0.id == id }) else {
            preconditionFailure("Panels.all lists every PaneID; the contract test holds that.")
        }
        return found
    }
}
