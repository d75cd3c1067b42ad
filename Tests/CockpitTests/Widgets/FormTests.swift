import Testing

@testable import Cockpit

@Suite("A text field")
struct TextFieldTests {
    private func typed(_ strokes: [KeyStroke], in text: String = "") -> TextField {
        var field = TextField(text)
        for stroke in strokes { _ = field.handle(stroke) }
        return field
    }

    @Test
    func `takes characters at its cursor`() {
        let field = typed([KeyStroke(.left), KeyStroke("x")], in: "ab")
        #expect(field.text == "axb")
        #expect(field.cursor == 2)
    }

    @Test(arguments: [
        (KeyStroke(.backspace), "lr=3e-", 6), (.control("u"), "", 0), (.control("w"), "", 0),
        (.control("a"), "lr=3e-6", 0), (KeyStroke(.home), "lr=3e-6", 0), (KeyStroke(.delete), "lr=3e-6", 7),
        (.control("k"), "lr=3e-6", 7), (KeyStroke(.right), "lr=3e-6", 7),
    ])
    func `edits as a shell does`(stroke: KeyStroke, text: String, cursor: Int) {
        let field = typed([stroke], in: "lr=3e-6")
        #expect(field.text == text)
        #expect(field.cursor == cursor)
    }

    @Test
    func `leaves other keys to the form`() {
        var field = TextField("a")
        for stroke in [KeyStroke(.enter), KeyStroke(.tab), .control("s")] {
            let isTaken = field.handle(stroke)
            #expect(!isTaken)
        }
    }

    @Test
    func `takes a paste as one line`() {
        var field = TextField("ab")
        _ = field.handle(KeyStroke(.left))
        field.insert("1\n2\t3")
        #expect(field.text == "a1 2 3b")
        #expect(field.cursor == 6)
    }

    @Test
    func `keeps the cursor in sight of a long text`() {
        let field = TextField("data/prompts.jsonl")
        #expect(drawn(10, 1) { field.render(in: &$0, area: $1) } == ["[….jsonl ]"])
    }

    @Test(arguments: [(0, "[data/pr…]"), (6, "[data/pr…]"), (7, "[…ta/pro…]"), (16, "[…s.jsonl]")])
    func `marks where a long text is cut, and never on its cursor`(cursor: Int, text: String) {
        let keys = [KeyStroke(.home)] + Array(repeating: KeyStroke(.right), count: cursor)
        let field = typed(keys, in: "data/prompts.jsonl")
        #expect(drawn(10, 1) { field.render(in: &$0, area: $1) } == [text])
    }

    @Test
    func `that nobody edits is cut at its end, and a path at its front`() {
        let field = TextField("data/prompts.jsonl")
        #expect(drawn(10, 1) { field.render(in: &$0, area: $1, focus: .unfocused) } == ["[data/pr…]"])
        #expect(drawn(10, 1) { field.render(in: &$0, area: $1, focus: .unfocused, cutting: .front) } == ["[…s.jsonl]"])
        #expect(Glyphs.ascii.mark(of: .front) == "<", "~ would be a person's home")
    }
}

@Suite("A form row")
struct FormRowTests {
    private let metrics = FormRow.Metrics(label: 10, field: 8, standard: 6)

    @Test
    func `shows a change, its default and its limits`() {
        let row = FormRow(
            label: "lr", value: .text(TextField("3e-6")), standard: "1e-5", note: "0 < lr", isChanged: true)
        #expect(
            drawn(40, 1) { row.render(in: &$0, area: $1, metrics: metrics) }
                == [" * lr        [3e-6  ]  1e-5  0 < lr"])
    }

    @Test
    func `tells a problem whole in place of the default where it is narrow`() {
        let row = FormRow(label: "n", value: .text(TextField("0")), standard: "4", problem: "must be 1")
        let lines = drawn(36, 1) { row.render(in: &$0, area: $1, metrics: metrics) }
        #expect(lines == ["   n         [0     ]  ✗ must be 1"])
    }

    @Test
    func `marks a default that is cut, a path at its front`() {
        var row = FormRow(label: "path", value: .text(TextField("")), standard: "data/train.jsonl", note: "n")
        #expect(drawn(34, 1) { row.render(in: &$0, area: $1, metrics: metrics) } == ["   path      [      ]  data… n"])
        row.cut = .front
        #expect(drawn(34, 1) { row.render(in: &$0, area: $1, metrics: metrics) } == ["   path      [      ]  …sonl n"])
    }

    @Test
    func `shows a problem instead of the note`() {
        let row = FormRow(
            label: "gen.max_length", value: .choice("ppo"), standard: "ppo", note: "n", problem: "too long",
            focus: .focused)
        #expect(
            drawn(42, 1) { row.render(in: &$0, area: $1, metrics: metrics) }
                == ["▸  gen.max_…  ppo   ▾  ppo   ✗ too long"])
    }
}

@Suite("A dialog")
struct DialogTests {
    private let dialog = Dialog.confirm(
        title: "Stop trial-0412?", message: ["3 workers stop after this step."], action: "Yes, stop")

    @Test
    func `opens on No`() {
        #expect(
            drawn(41, 7, dialog.render) == [
                "  ┌─ Stop trial-0412? ────────────────┐",
                "  │                                   │",
                "  │  3 workers stop after this step.  │",
                "  │                                   │",
                "  │  [ n No ]    y Yes, stop          │",
                "  │                                   │",
                "  └───────────────────────────────────┘",
            ])
    }

    @Test
    func `dims what lies below and covers it`() {
        var surface = Surface(width: 44, height: 9)
        surface.fill(surface.bounds, with: "x")
        dialog.render(in: &surface, area: surface.bounds)
        #expect(surface[0, 0]?.attributes == .dim)
        #expect(surface.lines[0].allSatisfy { $0 == "x" })
        #expect(surface[8, 3]?.scalar != "x")
    }

    @Test
    func `wraps its message on a narrow screen`() {
        let lines = drawn(24, 9, dialog.render)
        #expect(lines[2...3] == ["│  3 workers stop      │", "│  after this step.    │"])
    }
}
