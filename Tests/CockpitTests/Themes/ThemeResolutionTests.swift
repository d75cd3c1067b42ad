import Testing

@testable import Cockpit

@Suite("A theme")
struct ThemeResolutionTests {
    static let shippedNames = ThemeFixtures.shipped.names

    /// The backgrounds people have: the theme's own assumption, plain black or white, and a softer neighbour.
    private func backgrounds(of theme: Theme) -> [RGB] {
        switch theme.appearance {
        case .dark: [theme.assumedBackground, RGB(0x000000), RGB(0x1E1E2E)]
        case .light: [theme.assumedBackground, RGB(0xFFFFFF), RGB(0xFAFAF7)]
        case .any: []
        }
    }

    @Test(arguments: shippedNames, ColorDepth.allCases)
    func `resolves every role in every colour depth`(name: String, depth: ColorDepth) throws {
        let theme = try ThemeFixtures.shipped.theme(named: name)
        for role in Role.allCases where !role.isBackground {
            let style = theme.style(role: role, depth: depth)
            switch (depth, style.foreground) {
            case (_, .terminalDefault), (.trueColor, .rgb), (.indexed256, .palette): break
            case (.trueColor, .palette(let number)), (.basic16, .palette(let number)):
                #expect(number < 16, "\(role.name)")
            case (.basic8, .palette(let number)):
                #expect([1, 5].contains(number), "\(role.name): red and magenta can be read on black and on white")
            default: Issue.record("\(role.name) resolves to \(style.foreground) in \(depth)")
            }
        }
    }

    @Test(arguments: shippedNames)
    func `shows no colour without colours`(name: String) throws {
        let theme = try ThemeFixtures.shipped.theme(named: name)
        for role in Role.allCases {
            let style = theme.style(role: role, background: .alertBackground, depth: .mono)
            #expect(style.foreground == .terminalDefault)
            #expect(style.background == .terminalDefault)
        }
    }

    @Test(arguments: shippedNames)
    func `is readable on the backgrounds it is made for`(name: String) throws {
        let theme = try ThemeFixtures.shipped.theme(named: name)
        // Lines of borders and idle lanes carry no text.
        let lines: Set<Role> = [.border, .mfcIdle]
        let onOtherBackgrounds: Set<Role> = [.alertForeground, .selectionForeground]
        for background in backgrounds(of: theme) {
            for role in Role.allCases where !role.isBackground && !lines.contains(role) {
                guard !onOtherBackgrounds.contains(role), case .rgb(let color) = theme[role].trueColor else { continue }
                let least = role == .dim || role == .logDebug ? 3.0 : 4.5
                #expect(contrast(color, background) >= least, "\(role.name) \(color.hex) on \(background.hex)")
            }
        }
    }

    @Test(arguments: [
        (Role.selectionForeground, Role.selectionBackground), (.alertForeground, .alertBackground),
        (.foreground, .selectionBackground), (.foreground, .footerBackground), (.key, .footerBackground),
    ])
    func `keeps text readable on its own backgrounds`(front: Role, back: Role) throws {
        for name in ["default-dark", "default-light"] {
            let theme = try ThemeFixtures.shipped.theme(named: name)
            guard case .rgb(let color) = theme[front].trueColor, case .rgb(let field) = theme[back].trueColor else {
                Issue.record("\(name): \(front.name) or \(back.name) has no colour")
                continue
            }
            #expect(contrast(color, field) >= 4.5, "\(name): \(front.name) on \(back.name)")
        }
    }

    @Test(arguments: ["default-dark", "default-light"])
    func `keeps the states of a worker readable in a selected row`(name: String) throws {
        let theme = try ThemeFixtures.shipped.theme(named: name)
        guard case .rgb(let field) = theme[.selectionBackground].trueColor else { return }
        for role in Role.allCases where role.name.hasPrefix("status.") {
            guard case .rgb(let color) = theme[role].trueColor else { continue }
            #expect(contrast(color, field) >= 3.0, "\(role.name)")
        }
    }

    @Test
    func `moves dim text towards the background instead of asking the terminal`() {
        let theme = ThemeFixtures.plain(.rgb(RGB(0xFFFFFF)), background: .rgb(RGB(0x000000)))
        let style = theme.style(role: .title, attributes: .dim, depth: .trueColor)
        #expect(style.foreground == .rgb(RGB(0x737373)))
        #expect(style.attributes == [])
        #expect(theme.style(role: .title, attributes: .dim, depth: .basic16).attributes == .dim)
    }

    @Test
    func `joins the attributes of text and background`() {
        var theme = ThemeFixtures.plain(.terminalDefault, background: .terminalDefault)
        theme[.key].mono = .bold
        theme[.selectionBackground].mono = .reverse
        let style = theme.style(role: .key, background: .selectionBackground, attributes: .underline, depth: .mono)
        #expect(style.attributes == [.bold, .reverse, .underline])
    }

    @Test(arguments: [
        (UInt32(0x000000), UInt8(16)), (0xFFFFFF, 231), (0xFF0000, 196), (0x0000FF, 21), (0x808080, 244),
        (0x5F87AF, 67),
    ])
    func `takes the nearest of 256 colours`(color: UInt32, number: UInt8) {
        #expect(ThemeColor.rgb(RGB(color)).indexed256 == .palette(number))
    }

    /// Contrast as WCAG 2 defines it, from 1 to 21.
    private func contrast(_ left: RGB, _ right: RGB) -> Double {
        let lights = [luminance(left), luminance(right)].sorted()
        return (lights[1] + 0.05) / (lights[0] + 0.05)
    }

    private func luminance(_ color: RGB) -> Double {
        let channels = [color.red, color.green, color.blue].map { channel in
            let value = Double(channel) / 255
            // The transfer curve's exponent 2.4, as a power of the fifth root.
            return value <= 0.03928 ? value / 12.92 : power((value + 0.055) / 1.055)
        }
        return 0.2126 * channels[0] + 0.7152 * channels[1] + 0.0722 * channels[2]
    }

    private func power(_ base: Double) -> Double {
        // base^2.4 = base^2 · (base^2)^(1/5), the root by Newton's method.
        let square = base * base
        var root = 1.0
        for _ in 0..<40 { root -= (root * root * root * root * root - square) / (5 * root * root * root * root) }
        return square * root
    }
}
