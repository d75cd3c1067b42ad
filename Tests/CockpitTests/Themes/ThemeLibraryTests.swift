import Glibc
import Testing

@testable import Cockpit

@Suite("The theme library")
struct ThemeLibraryTests {
    @Test
    func `finds every shipped theme by name`() {
        #expect(ThemeFixtures.shipped.names.starts(with: ["default-dark", "default-light"]))
        #expect(ThemeFixtures.shipped.names.contains("mono"))
    }

    @Test
    func `has the default without any folder`() throws {
        let library = ThemeLibrary(folders: ["/nowhere"])
        #expect(try library.theme(named: "default-dark") == Theme.defaultDark)
        #expect(library.names == ["default-dark"])
    }

    @Test
    func `compiles in the default theme as the file has it`() throws {
        #expect(try ThemeFixtures.shipped.theme(named: "default-dark") == Theme.defaultDark)
    }

    @Test
    func `suggests the theme that was meant`() {
        let error = #expect(throws: ThemeError.self) { try ThemeFixtures.shipped.theme(named: "default-drak") }
        #expect(error?.description == "default-drak: no theme of this name. Did you mean 'default-dark'?")
    }

    @Test
    func `says why a file cannot be read`() {
        let error = #expect(throws: ThemeError.self) { try ThemeFixtures.shipped.theme(named: "./none.theme") }
        #expect(error?.description == "./none.theme: No such file or directory")
    }

    @Test
    func `looks in the user's folder before the shipped one`() {
        let library = ThemeLibrary.searching(
            environment: ["XDG_CONFIG_HOME": "/c", "COCKPIT_THEMES": "/t", "HOME": "/h"],
            executable: "/opt/bin/cockpit")
        #expect(
            library.folders.prefix(4) == ["/c/cockpit/themes", "/t", "/opt/bin/themes", "/opt/share/cockpit/themes"])
        let home = ThemeLibrary.searching(environment: ["HOME": "/h"], executable: "/cockpit")
        #expect(home.folders.first == "/h/.config/cockpit/themes")
    }

    @Test
    func `lets a user's theme win and inherit`() throws {
        let folder = try TemporaryFolder()
        try folder.write("mine.theme", "[meta]\nname = mine\ninherits = mono\n[roles]\nkey = #00ff00\n")
        let library = ThemeLibrary(folders: [folder.path, ThemeFixtures.folder])
        let theme = try library.theme(named: "mine")
        #expect(theme[.key].trueColor == .rgb(RGB(0x00FF00)))
        #expect(theme[.title].trueColor == .terminalDefault)
        #expect(library.names.contains("mine"))
    }

    @Test
    func `refuses themes that inherit each other`() throws {
        let folder = try TemporaryFolder()
        try folder.write("a.theme", "[meta]\ninherits = b\n")
        try folder.write("b.theme", "[meta]\ninherits = a\n")
        let error = #expect(throws: ThemeError.self) { try ThemeLibrary(folders: [folder.path]).theme(named: "a") }
        #expect(error?.description == "a: inherits itself: a → b → a")
    }
}

/// A folder that goes away with the test.
final class TemporaryFolder {
    struct Failure: Error {
        let code: Int32
    }

    let path: String
    private var files: [String] = []

    init() throws {
        var template = Array("/tmp/cockpit-themes-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw Failure(code: errno) }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    func write(_ name: String, _ text: String) throws {
        guard let file = fopen("\(path)/\(name)", "w") else { throw Failure(code: errno) }
        fputs(text, file)
        fclose(file)
        files.append(name)
    }

    deinit {
        for name in files { unlink("\(path)/\(name)") }
        rmdir(path)
    }
}
