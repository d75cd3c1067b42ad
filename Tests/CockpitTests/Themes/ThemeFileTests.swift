import Foundation
import Testing

@testable import Cockpit

@Suite("A theme file that is wrong")
struct ThemeFileTests {
    private static let names = ThemeFixtures.shipped.names

    private func error(_ text: String) -> ThemeError? {
        do {
            _ = try ThemeFixtures.parse(text)
            return nil
        } catch {
            return error
        }
    }

    @Test(
        arguments: [
            ("[meta]\ncvd-safe = maybe", "t.theme:2: cvd-safe is yes or no, not 'maybe'"),
            ("[meta]\nname =", "t.theme:2: expected 'key = value'"),
            ("[meta]\n= x", "t.theme:2: expected 'key = value'"),
            ("[palette]\n9 = #ff0000", "t.theme:2: '9' has a meaning of its own and cannot name a colour"),
            ("[palette]\ndefault = #ff0000", "t.theme:2: 'default' has a meaning of its own and cannot name a colour"),
            ("[palette]\nred = #ff000", "t.theme:2: '#ff000' is not a colour; write #rrggbb"),
            ("[palette]\nred = #+12345", "t.theme:2: '#+12345' is not a colour; write #rrggbb"),
            ("[palette]\nred = #gg0000", "t.theme:2: '#gg0000' is not a colour; write #rrggbb"),
            ("[palette]\nred = 红红", "t.theme:2: '红红' is not a colour; write #rrggbb"),
            ("[roles]\nkey = a | b | c | d", "t.theme:2: a role has at most three parts: truecolor | 16-colour | mono"),
            ("[roles]\nkey = 16", "t.theme:2: unknown colour or attribute '16'"),
            ("[roles]\nkey = bolt", "t.theme:2: unknown colour or attribute 'bolt'. Did you mean 'bold'?"),
            ("[roles]\n[meta]\n[palette]\n\n\n# x\noops", "t.theme:7: expected 'key = value'"),
            (
                "[meta]\nname = x\ninherits = default-drak",
                "t.theme:3: no theme 'default-drak' to inherit. Did you mean 'default-dark'?"
            ),
        ])
    func `is refused with its line and what to do`(text: String, message: String) {
        #expect(error(text)?.description == message)
    }

    @Test(arguments: Role.allCases.map(\.name).filter { $0.count >= 5 })
    func `gets a suggestion for every misspelt role`(name: String) {
        var letters = Array(name)
        letters.swapAt(letters.count / 2, letters.count / 2 - 1)
        guard Role(name: String(letters)) == nil else { return }
        #expect(error("[roles]\n\(String(letters)) = default")?.hint?.hasPrefix("Did you mean '") ?? false)
        #expect(error("[roles]\n\(String(letters)) = default")?.line == 2)
    }

    @Test(arguments: names)
    func `by one changed byte is read or refused with its place, never a trap`(name: String) throws {
        let bytes = Array(try ThemeText.of(name).utf8)
        var random = Seeded(state: 81)
        let lines = bytes.count { $0 == 0x0A } + 1
        for _ in 0..<150 {
            var changed = bytes
            for _ in 0...Int(random.next() % 2) {
                changed[Int.random(in: 0..<changed.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            guard let error = error(String(decoding: changed, as: UTF8.self)) else { continue }
            #expect(error.file == "t.theme")
            #expect((0...lines).contains(error.line))
            #expect(error.line > 0 || error.code == .incomplete)
            #expect(!error.message.isEmpty)
        }
    }

    @Test func `cut off anywhere is refused or complete`() throws {
        let text = try ThemeText.of("default-dark")
        for length in stride(from: 0, to: text.utf8.count - 40, by: 37) {
            let error = error(String(decoding: Array(text.utf8.prefix(length)), as: UTF8.self))
            #expect(error != nil, "only the whole file has every role")
        }
        #expect(error(text) == nil)
    }

    @Test(arguments: names)
    func `with the line ends of another system means the same`(name: String) throws {
        let text = try ThemeText.of(name)
        let expected = try ThemeFixtures.parse(text)
        for ending in ["\r\n", "\r"] {
            #expect(
                try ThemeFixtures.parse(
                    text.split(separator: "\n", omittingEmptySubsequences: false).joined(separator: ending)) == expected
            )
        }
        let error = error("[meta]\r\nname = x\r\n\r\ncolour = red\r\n")
        #expect(error?.line == 4)
    }

    @Test func `of a hundred thousand colours on a line is answered at once`() {
        let line = "[roles]\nkey = " + String(repeating: "#ff0000 ", count: 20_000)
        #expect(error(line)?.line == 2)
    }
}

@Suite("A shipped theme")
struct ShippedThemeTests {
    private static let names = ThemeFixtures.shipped.names

    @Test(arguments: names)
    func `names every role itself or inherits it, and says who made it`(name: String) throws {
        let theme = try ThemeFixtures.shipped.theme(named: name)
        #expect(theme.name == name)
        #expect(!theme.author.isEmpty && !theme.licence.isEmpty)
        let lines = try ThemeText.of(name).split(separator: "\n").map { $0.prefix { $0 != " " } }
        let named = Set(lines.compactMap { Role(name: String($0)) })
        let inherits = lines.contains("inherits")
        #expect(inherits || named.count == Role.allCases.count)
    }

    @Test func `mono has no colour in any depth`() throws {
        let theme = try ThemeFixtures.shipped.theme(named: "mono")
        for depth in ColorDepth.allCases {
            for role in Role.allCases {
                let style = theme.style(role: role, background: .selectionBackground, depth: depth)
                #expect(style.foreground == .terminalDefault, "\(role.name)")
                #expect(style.background == .terminalDefault, "\(role.name)")
            }
        }
    }

    @Test(arguments: names)
    func `tells selected, failed and alerting rows from others without colour`(name: String) throws {
        let theme = try ThemeFixtures.shipped.theme(named: name)
        let plain = theme.style(role: .foreground, depth: .mono).attributes
        #expect(theme.style(role: .foreground, background: .selectionBackground, depth: .mono).attributes != plain)
        #expect(theme.style(role: .foreground, background: .alertBackground, depth: .mono).attributes != plain)
        #expect(theme.style(role: .statusFailed, depth: .mono).attributes != plain)
    }

    @Test(arguments: ["default-dark", "default-light"])
    func `keeps the series of a chart apart`(name: String) throws {
        let theme = try ThemeFixtures.shipped.theme(named: name)
        let colors = (0..<12).map { theme[.series($0)].trueColor }
        #expect(Set(colors).count == 12)
        #expect(Role.series(12) == Role.series(0) && Role.series(-1) == Role.series(11))
    }
}

@Suite("The nearest colour of a poorer terminal")
struct NearestColorTests {
    private func rgb(_ index: Int) -> RGB {
        if index >= 232 { return RGB(UInt32(8 + (index - 232) * 10) * 0x010101) }
        let levels: [UInt32] = [0, 95, 135, 175, 215, 255]
        let cube = index - 16
        return RGB(levels[cube / 36] << 16 | levels[cube / 6 % 6] << 8 | levels[cube % 6])
    }

    private func distance(_ left: RGB, _ right: RGB) -> Int {
        [(left.red, right.red), (left.green, right.green), (left.blue, right.blue)].reduce(0) {
            let step = Int($1.0) - Int($1.1)
            return $0 + step * step
        }
    }

    @Test func `is as near as any of the 240 fixed ones`() {
        var random = Seeded(state: 91)
        for _ in 0..<1_500 {
            // Half of them near grey, where cube and ramp compete.
            let base = UInt32.random(in: 0...245, using: &random)
            let noise = { UInt32.random(in: 0...10, using: &random) }
            let color =
                random.next() % 2 == 0
                ? RGB(UInt32.random(in: 0...0xFFFFFF, using: &random))
                : RGB((base + noise()) << 16 | (base + noise()) << 8 | (base + noise()))
            guard case .palette(let index) = ThemeColor.rgb(color).indexed256 else {
                Issue.record("\(color.hex) has no index")
                continue
            }
            let best = (16..<256).map { distance(color, rgb($0)) }.min()
            #expect(distance(color, rgb(Int(index))) == best, "\(color.hex) is \(index)")
        }
    }

    @Test func `of a fixed colour is that colour`() {
        for index in 16..<256 {
            guard case .palette(let found) = ThemeColor.rgb(rgb(index)).indexed256 else { continue }
            #expect(rgb(Int(found)) == rgb(index))
        }
    }

    @Test(
        arguments: [
            ("#000000", 0), ("#cd0000", 1), ("#00cd00", 2), ("#0000ee", 4), ("#e5e5e5", 7), ("#7f7f7f", 8),
            ("#ff0000", 9), ("#ffff00", 11), ("#5c5cff", 12), ("#ffffff", 15), ("#fefefe", 15), ("#010101", 0),
        ] as [(String, UInt8)])
    func `of sixteen stands in for what a file leaves out`(color: String, number: UInt8) throws {
        #expect(try ThemeFixtures.parse(ThemeFixtures.text(roles: "key = \(color)"))[.key].basic == .palette(number))
    }

    @Test func `mixing begins at one colour and ends at the other`() {
        var random = Seeded(state: 92)
        for _ in 0..<200 {
            let from = RGB(UInt32.random(in: 0...0xFFFFFF, using: &random))
            let to = RGB(UInt32.random(in: 0...0xFFFFFF, using: &random))
            #expect(from.mixed(with: to, share: 0) == from)
            #expect(from.mixed(with: to, share: 1) == to)
            #expect(RGB(hex: from.hex) == from)
        }
        #expect(RGB(0x000000).mixed(with: RGB(0xFFFFFF), share: 0.5) == RGB(0x808080))
    }
}

/// The text of a shipped theme.
enum ThemeText {
    static func of(_ name: String) throws -> String {
        try String(contentsOfFile: "\(ThemeFixtures.folder)/\(name).theme", encoding: .utf8)
    }
}
