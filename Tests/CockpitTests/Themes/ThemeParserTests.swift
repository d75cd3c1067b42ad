import Testing

@testable import Cockpit

@Suite("A theme file")
struct ThemeParserTests {
    @Test
    func `gives a role three looks`() throws {
        let theme = try ThemeFixtures.parse(
            ThemeFixtures.text(palette: "red = #ff5555", roles: "status.failed = red bold | 9 underline | reverse"))
        #expect(
            theme[.statusFailed]
                == Theme.Entry(
                    trueColor: .rgb(RGB(0xFF5555)), trueColorAttributes: .bold,
                    basic: .palette(9), basicAttributes: .underline, mono: .reverse))
    }

    @Test
    func `derives the looks that are left out`() throws {
        let theme = try ThemeFixtures.parse(ThemeFixtures.text(roles: "key = #fe0102 bold"))
        #expect(theme[.key].basic == .palette(9))
        #expect(theme[.key].basicAttributes == .bold)
        #expect(theme[.key].mono == .bold)
    }

    @Test
    func `knows comments from colours`() throws {
        let theme = try ThemeFixtures.parse(
            ThemeFixtures.text(palette: "# a comment\nred = #ff5555 # another", roles: "key = #123456 # third"))
        #expect(theme[.key].trueColor == .rgb(RGB(0x123456)))
    }

    @Test
    func `takes what it does not say from the theme it inherits`() throws {
        let theme = try ThemeFixtures.parse("[meta]\ninherits = default-dark\n[roles]\nkey = #010203\n")
        #expect(theme[.key].trueColor == .rgb(RGB(0x010203)))
        #expect(theme[.statusFailed] == Theme.defaultDark[.statusFailed])
        #expect(theme.appearance == .dark)
    }

    @Test
    func `of an older version keeps its colours, and what nothing is drawn in any more is passed over`() throws {
        let theme = try ThemeFixtures.parse(
            "[meta]\ninherits = default-dark\n[roles]\nrpc.train = #010203\nheat.3 = #040506\nrpc.flush = default\n")
        #expect(theme[.mfcTrain].trueColor == .rgb(RGB(0x010203)))
        #expect(theme[.mfcGenerate] == Theme.defaultDark[.mfcGenerate])
    }

    @Test(arguments: [
        ("[mета]", "t.theme:1: unknown section 'mета'"),
        ("[palete]", "t.theme:1: unknown section 'palete'. Did you mean 'palette'?"),
        ("[meta", "t.theme:1: a section needs a closing bracket"),
        ("key = red", "t.theme:1: 'key' stands before the first section"),
        ("[meta]\n\ncolour = red", "t.theme:3: unknown key 'colour'"),
        ("[meta]\nappearance = drak", "t.theme:2: unknown appearance 'drak'. Did you mean 'dark'?"),
        ("[palette]\nred = ff0000", "t.theme:2: 'ff0000' is not a colour; write #rrggbb"),
        ("[palette]\nbold = #ff0000", "t.theme:2: 'bold' has a meaning of its own and cannot name a colour"),
        ("[roles]\nstatus.faild = #ff0000", "t.theme:2: unknown role 'status.faild'. Did you mean 'status.failed'?"),
        (
            "[palette]\nred = #ff0000\n[roles]\nkey = rde",
            "t.theme:4: unknown colour or attribute 'rde'. Did you mean 'red'?"
        ),
        ("[roles]\nkey = #ff0000 #00ff00", "t.theme:2: two colours in one part: '#ff0000 #00ff00'"),
        ("[roles]\nkey = default | #ff0000", "t.theme:2: the second part takes a number from 0 to 15 or 'default'"),
        ("[roles]\nkey = default | 1 | 2", "t.theme:2: the third part takes attributes only"),
        ("[roles]\nkey = default\nkey = default", "t.theme:3: role 'key' is set twice"),
        ("[roles]\nkey", "t.theme:2: expected 'key = value'"),
        (
            "[roles]\nbg = default",
            "t.theme: role 'fg' is missing, and 49 more. Set it, or add 'inherits = default-dark' to [meta]"
        ),
    ])
    func `is refused with its line and a suggestion`(text: String, message: String) {
        let error = #expect(throws: ThemeError.self) { try ThemeFixtures.parse(text) }
        #expect(error?.description == message)
    }
}
