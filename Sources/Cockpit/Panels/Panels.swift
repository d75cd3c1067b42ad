/// All panels, in the order of the tab key and of the digits. A new panel is one file and one line here.
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
            preconditionFailure("PaneIDs come from Panels.all; the contract test holds that.")
        }
        return found
    }

    static func at(_ placement: PanelPlacement) -> [any Panel] { all.filter { $0.traits.placement == placement } }

    /// 1 and 2 are the list of trials and the dashboard.
    static let firstDigit = 3

    /// The key that goes to a panel; nil where there are more panels than digits.
    static func digit(of id: PaneID) -> Character? {
        all.firstIndex { $0.id == id }.flatMap { place in
            let number = place + firstDigit
            return number <= 9 ? "\(number)".first : nil
        }
    }
}

extension PaneID: CaseIterable {
    static var allCases: [PaneID] { Panels.all.map(\.id) }
}
