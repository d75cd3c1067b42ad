@testable import Cockpit

/// Draws states with the clock of the fixtures.
enum ScreenPicture {
    static func surface(_ state: AppState, glyphs: Glyphs = .unicode) -> Surface {
        DashboardRenderer.render(
            state, glyphs: glyphs, now: 0, wall: RunFixtures.started + 600 * RunFixtures.second)
    }

    static func text(_ state: AppState, glyphs: Glyphs = .unicode) -> String { surface(state, glyphs: glyphs).text }

    /// Presses keys, one after another, a second apart; returns all effects.
    @discardableResult
    static func press(_ keys: String, on state: inout AppState, now: Int64 = 0) -> [Effect] {
        keys.flatMap { press(KeyStroke($0), on: &state, now: now) }
    }

    /// Presses a key; a question that it leads to is read before the next one.
    @discardableResult
    static func press(_ stroke: KeyStroke, on state: inout AppState, now: Int64 = 0) -> [Effect] {
        defer {
            if case .confirm(var question) = state.overlay {
                question.askedAt = nil
                state.overlay = .confirm(question)
            }
        }
        return Reducer.reduce(&state, .key(stroke), now: now)
    }
}
