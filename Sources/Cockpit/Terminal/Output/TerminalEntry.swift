import CNCurses

extension TerminalPlan {
    /// How many colours an installed terminfo entry promises; nil where there is no such entry.
    static func colors(ofEntry type: String) -> Int? {
        let count = Int(term_type_colors(type))
        return count < 0 ? nil : count
    }
}
