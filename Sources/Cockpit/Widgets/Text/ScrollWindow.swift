/// Which rows of a long list are shown.
enum ScrollWindow {
    /// The first row to show so that the selection stays visible and the window moves as little as it can.
    static func first(previous: Int, selection: Int?, count: Int, height: Int) -> Int {
        let last = max(0, count - height)
        var first = min(max(0, previous), last)
        if let selection, height > 0 {
            first = min(first, max(0, selection))
            first = max(first, min(selection, count - 1) - height + 1)
        }
        return max(0, first)
    }
}

extension Surface {
    /// Draws where a window of rows lies in a longer list, over the right border of its box; nothing if all is shown.
    mutating func scrollbar(x: Int, area: Rect, first: Int, count: Int) {
        guard count > area.height, area.height > 0 else { return }
        let length = max(1, area.height * area.height / count)
        let steps = max(1, count - area.height)
        let top = min(area.height - length, (area.height - length) * first / steps)
        for row in top..<(top + length) { put(glyphs.scrollThumb, x: x, y: area.y + row, role: .accent) }
    }
}
