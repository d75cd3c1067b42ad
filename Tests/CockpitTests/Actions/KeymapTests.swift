import Testing

@testable import Cockpit

@Suite struct KeymapTests {
    @Test(arguments: Scope.allCases)
    func `no two actions share a key in one scope`(scope: Scope) {
        var owners: [KeyStroke: ActionID] = [:]
        for action in Keymap.actions(in: scope) {
            for key in action.keys {
                #expect(owners[key] == nil, "\(key) is both \(String(describing: owners[key])) and \(action.id)")
                owners[key] = action.id
            }
        }
        #expect(!owners.isEmpty)
    }

    /// All but those of digits that no panel has.
    private static let actions = ActionID.allCases.filter { id in
        id.panelPlace.map { Panels.all.indices.contains($0) } ?? true
    }

    @Test func `every panel that shows a digit is reached by it`() {
        for (place, panel) in Panels.all.enumerated() {
            guard let digit = Panels.digit(of: panel.id) else { continue }
            #expect(Keymap.action(for: KeyStroke(digit), in: [.global])?.panelPlace == place, "\(panel.id)")
        }
    }

    @Test func `every action has a key and a sentence`() {
        let bound = Set(Keymap.actions.map(\.id))
        #expect(Self.actions.filter { !bound.contains($0) } == [])
        #expect(Keymap.actions.filter { $0.keys.isEmpty || $0.title.isEmpty } == [])
    }

    @Test func `every action is reachable from the palette`() throws {
        let offered = Palette.all(in: try StateFixtures.live()).map(\.deed)
        for id in Self.actions { #expect(offered.contains(.action(id)), "\(id)") }
    }

    @Test func `what cannot be undone asks first`() {
        let dangerous = Set(Keymap.actions.filter { $0.danger == .asksFirst }.map(\.id))
        #expect(dangerous == [.stopTrial, .pauseTrial, .relaunch, .killWorker])
    }

    @Test func `the most special scope wins`() {
        #expect(Keymap.action(for: KeyStroke("s"), in: [.charts, .run, .global]) == .smoothLess)
        #expect(Keymap.action(for: KeyStroke("s"), in: [.logs, .run, .global]) == .stopTrial)
        #expect(Keymap.action(for: KeyStroke("3"), in: [.replay, .run, .global]) == .jumpTo30)
        #expect(Keymap.action(for: KeyStroke("3"), in: [.run, .global]) == .showPanel1)
    }

    @Test(arguments: ["q", "?", ":", "/", "h", "j", "k", "l", "g", "G", "t", "y", "p", "z", "1", "7"] as [Character])
    func `keys that people know from other tools work everywhere`(key: Character) {
        #expect(Keymap.action(for: KeyStroke(key), in: [.global]) != nil)
    }

    @Test func `ctrl-c is bound to nothing that reaches a worker`() {
        let bound = Keymap.actions.filter { $0.keys.contains(.control("c")) }.map(\.id)
        #expect(bound == [.interrupt])
    }
}
