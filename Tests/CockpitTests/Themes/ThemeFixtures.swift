@testable import Cockpit

enum ThemeFixtures {
    /// The folder of this checkout.
    static let folder: String = {
        var parts = #filePath.split(separator: "/", omittingEmptySubsequences: false)
        parts.removeLast(4)
        return parts.joined(separator: "/") + "/themes"
    }()

    static let shipped = ThemeLibrary(folders: [folder])

    /// One colour for everything, on one background.
    static func plain(_ color: ThemeColor, background: ThemeColor) -> Theme {
        Theme(name: "plain", appearance: .dark) { role in
            Theme.Entry(trueColor: role.isBackground ? background : color, basic: .terminalDefault)
        }
    }

    /// The text of a theme with every role set, with some of its lines replaced.
    static func text(meta: String = "name = t", palette: String = "", roles: String = "") -> String {
        let given = Set(roles.split(separator: "\n").map { $0.prefix { $0 != " " } })
        let others = Role.allCases.map(\.name).filter { !given.contains(Substring($0)) }.map { "\($0) = default" }
        return "[meta]\n\(meta)\n[palette]\n\(palette)\n[roles]\n\(roles)\n" + others.joined(separator: "\n")
    }

    static func parse(_ text: String, file: String = "t.theme") throws(ThemeError) -> Theme {
        try ThemeParser.parse(text, file: file) { (name) throws(ThemeError) in
            try shipped.theme(named: name)
        }
    }
}
