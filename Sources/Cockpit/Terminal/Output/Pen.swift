/// What the last cell was written with. A blank is written with the same: nobody sees its colour, and a change of colour
/// is up to twenty bytes.
struct Pen {
    private var held: Theme.Style?

    /// How a cell that looks like `style` is written.
    mutating func take(_ style: Theme.Style, isBlank: Bool) -> Theme.Style {
        guard isBlank, let held, !Self.shows(held), !Self.shows(style) else {
            held = style
            return style
        }
        return Theme.Style(foreground: held.foreground, background: style.background, attributes: held.attributes)
    }

    /// Whether a blank shows the colour of its text.
    private static func shows(_ style: Theme.Style) -> Bool {
        !style.attributes.isDisjoint(with: [.underline, .reverse])
    }
}
