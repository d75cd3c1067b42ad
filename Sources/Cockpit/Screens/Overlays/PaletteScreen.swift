/// The palette: a line to type in over the actions that match.
struct PaletteScreen {
    let palette: PaletteOverlay
    let state: AppState

    func render(in surface: inout Surface) {
        surface.dim(surface.bounds)
        let entries = Palette.entries(for: palette.input.text, in: state)
        let height = min(surface.height - 4, 18)
        let frame = Rect(
            x: max(1, (surface.width - 84) / 2), y: 2, width: min(84, surface.width - 2), height: height)
        let inside = surface.openOverlay(frame, title: "Palette", trailing: "enter does it  esc close")
        let (top, list) = inside.splitTop(1)
        surface.write(":", x: top.x + 1, y: top.y, role: .key, attributes: .bold)
        palette.input.render(in: &surface, area: Rect(x: top.x + 2, y: top.y, width: top.width - 4, height: 1))
        let keyWidth = 14
        let lines = entries.map { entry -> TextLine in
            let isOff = entry.disabled != nil
            return TextLine(entry.keys.padded(to: keyWidth), isOff ? .dim : .key)
                .appending(entry.title, isOff ? .dim : .foreground)
                .appending("   \(entry.disabled ?? entry.scope)", .dim)
        }
        let first = ScrollWindow.first(
            previous: 0, selection: palette.selected, count: lines.count, height: list.height)
        SelectionList(
            items: lines, selection: palette.selected, firstRow: first,
            whenEmpty: TextLine("nothing of that name; try a word of what you want to do", .dim)
        ).render(in: &surface, area: list)
        surface.scrollbar(x: inside.maxX, area: list, first: first, count: lines.count)
    }
}

/// The themes by name; the one under the cursor is in use while the list is open.
struct ThemesScreen {
    let themes: ThemesOverlay
    let names: [String]

    func render(in surface: inout Surface) {
        let width = min(surface.width - 2, max(30, (names.map(\.cellWidth).max() ?? 0) + 8))
        let frame = surface.bounds.centered(width: width, height: min(surface.height - 2, names.count + 3))
        let inside = surface.openOverlay(frame, title: "Themes", trailing: "esc back")
        let (list, hint) = inside.splitBottom(1)
        let first = ScrollWindow.first(previous: 0, selection: themes.selected, count: names.count, height: list.height)
        SelectionList(items: names.map { TextLine($0) }, selection: themes.selected, firstRow: first)
            .render(in: &surface, area: list)
        surface.write("enter keeps it", x: hint.x + 1, y: hint.y, role: .dim)
    }
}

/// A question; No is selected from the start and only `y` says yes, which stands there as soon as it does.
struct ConfirmScreen {
    let confirmation: Confirmation
    let now: Int64

    func render(in surface: inout Surface) {
        let message =
            [TextLine(confirmation.question, .foreground, .bold)] + confirmation.details.map { TextLine($0, .dim) }
        var dialog = Dialog.confirm(title: "Are you sure?", message: message, action: "Yes")
        if !confirmation.isReadable(now: now) { dialog.choices.removeLast() }
        dialog.render(in: &surface, area: surface.bounds)
    }
}
