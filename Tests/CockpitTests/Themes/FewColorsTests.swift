import Testing

@testable import Cockpit

/// A terminal of eight colours may be black or white, and nobody says which.
@Suite("Eight colours")
struct FewColorsTests {

    @Test(arguments: Role.allCases)
    func `are used where they can be read on black and on white`(role: Role) {
        for background in Role.allCases where background.isBackground {
            let style = Theme.defaultDark.style(role: role, background: background, depth: .basic8)
            #expect(style.background == .terminalDefault)
            switch style.foreground {
            case .terminalDefault, .palette(1), .palette(5): break
            default: Issue.record("\(role.name) is \(style.foreground)")
            }
        }
    }

    @Test func `grey is dim and not black`() {
        let style = Theme.defaultDark.style(role: .dim, depth: .basic8)
        #expect(style.foreground == .terminalDefault)
        #expect(style.attributes.contains(.dim))
    }

    @Test func `what is selected or alarming is reversed`() {
        for background in [Role.selectionBackground, .alertBackground] {
            let style = Theme.defaultDark.style(role: .foreground, background: background, depth: .basic8)
            #expect(style.attributes.contains(.reverse), "\(background.name)")
        }
    }

    @Test(arguments: [ColorDepth.basic8, .mono])
    func `a reversed row has one colour, whatever its texts are`(depth: ColorDepth) {
        let row = [Role.foreground, .dim, .statusFailed, .statusRunning, .accent].map {
            Theme.defaultDark.style(role: $0, background: .selectionBackground, depth: depth)
        }
        #expect(Set(row.map(\.foreground)) == [.terminalDefault])
        #expect(row.allSatisfy { $0.attributes.contains(.reverse) && !$0.attributes.contains(.dim) })
        // What lies under a question is dim all the same.
        let under = Theme.defaultDark.style(
            role: .dim, background: .selectionBackground, attributes: .dim, depth: depth)
        #expect(under.attributes.contains(.dim))
    }

    @Test func `failures are red still`() {
        #expect(Theme.defaultDark.style(role: .statusFailed, depth: .basic8).foreground == .palette(1))
    }
}
