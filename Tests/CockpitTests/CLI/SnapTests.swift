import Foundation
import Protocol
import TestSupport
import Testing

@testable import Cockpit

/// `snap` draws the dashboard's screens without a terminal.
@Suite struct SnapTests {
    private let stored = StoredHome()

    private func snap(_ options: String...) throws -> CockpitProgram.Result {
        try stored.program.run(["snap"] + options)
    }

    @Test func `text has as many rows as were asked for and none wider`() throws {
        try stored.add("first")
        for (width, height) in [(120, 36), (80, 24), (60, 16), (1, 1), (300, 90)] {
            let result = try snap(
                "-e", "sft", "-f", "first", "--txt", "-", "--width", "\(width)", "--height", "\(height)")
            #expect(result.status == 0, "\(result.errors)")
            let lines = result.output.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
            #expect(lines.count == height)
            #expect(lines.allSatisfy { String($0).cellWidth <= width })
        }
    }

    @Test func `a file gets the bytes that standard output would`() throws {
        let path = stored.folder.file("screen")
        for kind in ["--txt", "--svg"] {
            #expect(try snap("--screen", "launch", kind, path).output == "")
            #expect(
                try String(contentsOfFile: path, encoding: .utf8) == snap("--screen", "launch", kind, "-").output)
        }
    }

    @Test func `the dashboard shows the trial's lane, its workers and its log`() throws {
        try stored.add("first")
        let text = try snap("-e", "sft", "-f", "first", "--txt", "-").output
        for word in ["sft/first", "sft_train", "model/0", "loss is odd", "completed"] {
            #expect(text.contains(word), "\(word)\n\(text)")
        }
    }

    @Test func `an earlier moment shows what was known then`() throws {
        try stored.add("first")
        let text = try snap("-e", "sft", "-f", "first", "--at", "1.5", "--txt", "-").output
        #expect(text.contains("REPLAY"))
        #expect(text.contains("step 1/3"), "\(text)")
        #expect(!text.contains("loss is odd"))
    }

    @Test func `each screen is its own`() throws {
        try stored.add("first")
        #expect(try snap("--txt", "-").output.contains("1 in all, 0 alive"))
        #expect(try snap("--screen", "trials", "--txt", "-").output.contains("1 in all, 0 alive"))
        #expect(try snap("--screen", "launch", "--txt", "-").output.contains("grpo-arith"))
        #expect(try snap("-e", "sft", "-f", "first", "--screen", "timeline", "--txt", "-").output.contains("sft_train"))
    }

    @Test func `the list shows the newest trial's curves and the form its plan`() throws {
        try stored.add("first")
        let list = try snap("--screen", "trials", "--txt", "-").output
        #expect(list.contains("MFCs      sft_train"), "\(list)")
        #expect(list.contains("┌─ sft/loss "), "\(list)")
        let form = try snap("--screen", "launch", "--txt", "-").output
        #expect(form.contains("ready, ctrl-s") || form.contains("refused"), "\(form)")
        #expect(!form.contains("working out the plan"))
    }

    @Test func `keys are pressed before the picture, and change nothing but it`() throws {
        try stored.add("first")
        func pressed(_ keys: String) throws -> String {
            try snap("-e", "sft", "-f", "first", "--txt", "-", "--keys", keys).output
        }
        #expect(try pressed("?").contains("command palette"))
        #expect(try pressed(": r e p l").contains("repl"))
        #expect(try pressed("tab z") != pressed("z"))
        #expect(try pressed("? esc") == pressed(""))
        // Where a screen is left, another run is read.
        #expect(try pressed("1").contains("1 in all, 0 alive"))
        #expect(try snap("--txt", "-", "--keys", "enter").output.contains("sft_train"))
        // A question has been read when the picture is taken.
        let question = try snap("--screen", "launch", "--txt", "-", "--keys", "enter a esc esc").output
        #expect(question.contains("[ n No ]    y Yes"), "\(question)")
        #expect(
            try snap("--svg", "-", "--keys", "t").output != snap("--svg", "-").output, "the next theme is drawn")
        let before = try stored.program.run("list").output
        _ = try pressed("s y")
        #expect(try stored.program.run("list").output == before)
    }

    @Test(arguments: ["pgupp", "ctrl-", "F13", "ab"])
    func `a key that there is not is refused with those there are`(name: String) throws {
        let result = try snap("--txt", "-", "--keys", "? \(name)")
        #expect(result.status == 64 || result.status == 2, "\(result.errors)")
        #expect(result.errors.contains("\"\(name)\" is no key"), "\(result.errors)")
        #expect(result.errors.contains("pgup"), "\(result.errors)")
    }

    @Test func `ascii means ASCII`() throws {
        try stored.add("first")
        for screen in ["dashboard", "timeline"] {
            let text = try snap("-e", "sft", "-f", "first", "--screen", screen, "--txt", "-", "--ascii").output
            #expect(text.utf8.allSatisfy { $0 < 0x80 }, "\(text)")
        }
    }

    @Test func `themes are found by name and by path, and change the picture only`() throws {
        let copy = stored.folder.write(
            try String(contentsOfFile: "\(SourceTree.root)/themes/default-light.theme", encoding: .utf8),
            to: "mine.theme")
        let named = try snap("--svg", "-", "--theme", "default-light").output
        #expect(named.hasPrefix("<svg"))
        #expect(try snap("--svg", "-", "--theme", copy).output == named)
        #expect(try snap("--svg", "-").output != named)
    }

    @Test(arguments: [
        ([], "Give --svg FILE or --txt FILE."), (["--txt", "-", "-e", "sft"], "-e and -f go together."),
        (["--txt", "-", "--width", "0"], "must be between 1 and 1000"),
        (["--txt", "-", "--height", "1001"], "must be between 1 and 1000"),
        (["--txt", "-", "--at", "nan"], "--at must be a number of seconds"),
        (["--txt", "-", "--at=-1"], "--at must be a number of seconds"),
        (["--txt", "-", "--at", "1e300"], "--at must be a number of seconds"),
        (["--txt", "-", "--screen", "dashboard"], "--screen dashboard needs a trial: give -e and -f."),
        (["--txt", "-", "--screen", "timeline"], "--screen timeline needs a trial: give -e and -f."),
        (["--txt", "-", "--screen", "launch", "-e", "sft", "-f", "x"], "--screen launch is of no one trial"),
        (["--txt", "-", "--screen", "home"], "'home' is invalid"),
        (["--txt", "-", "--theme", "nope"], "no theme of this name"),
    ])
    func `options that make no sense are refused`(options: [String], message: String) throws {
        let result = try stored.program.run(["snap"] + options)
        #expect(result.status == 2)
        #expect(result.output == "")
        #expect(result.errors.contains(message), "\(result.errors)")
    }

    @Test func `a device or a link that is named is written through`() throws {
        let target = stored.folder.write("old", to: "target.txt"), link = stored.folder.file("link.txt")
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: target)
        #expect(try snap("--screen", "launch", "--txt", link).status == 0)
        #expect(try FileManager.default.destinationOfSymbolicLink(atPath: link) == target)
        #expect(try String(contentsOfFile: target, encoding: .utf8).contains("grpo-arith"))
        #expect(try snap("--screen", "launch", "--txt", "/dev/full").errors.contains("No space left on device"))
    }

    @Test func `a file that cannot be written is named`() throws {
        let path = stored.folder.file("missing/screen.svg")
        let result = try snap("--svg", path)
        #expect(result.status == 1)
        #expect(result.errors.hasPrefix("cockpit: \(path) cannot be written\n"))
    }
}
