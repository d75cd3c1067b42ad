import Testing

@testable import Cockpit

@Suite("A frame's difference")
struct FrameDiffTests {
    private func changes(from old: Surface?, to new: Surface) -> [String] {
        var changes: [String] = []
        FrameDiff(from: old, to: new).forEach { x, y, cell in changes.append("\(x),\(y)=\(cell.scalar)") }
        return changes
    }

    private func surface(_ lines: String..., size: Size = Size(width: 4, height: 2)) -> Surface {
        var surface = Surface(size: size)
        for (row, line) in lines.enumerated() { surface.write(line, x: 0, y: row, role: .foreground) }
        return surface
    }

    @Test
    func `is nothing where nothing changed`() {
        #expect(changes(from: surface("abc", "def"), to: surface("abc", "def")) == [])
    }

    @Test
    func `is the changed cells`() {
        #expect(changes(from: surface("abc", "def"), to: surface("axc", "de")) == ["1,0=x", "2,1= "])
    }

    @Test
    func `is everything at first and after a resize`() {
        #expect(changes(from: nil, to: surface("abcd")).count == 8)
        #expect(changes(from: surface("a", size: Size(width: 2, height: 2)), to: surface("a")).count == 8)
    }

    @Test
    func `counts colours as changes`() {
        var painted = surface("abc")
        painted.paint(Rect(x: 1, y: 0, width: 1, height: 1), background: .selectionBackground)
        #expect(changes(from: surface("abc"), to: painted) == ["1,0=b"])
    }

    @Test
    func `sends wide characters whole`() {
        #expect(changes(from: surface("abcd"), to: surface("训cd")) == ["0,0=训"])
        #expect(changes(from: surface("训cd"), to: surface("abcd")) == ["0,0=a", "1,0=b"])
    }
}
