import Protocol
import Testing

/// Words that a screen looks for; a renamed one would no longer be found in older runs.
@Suite struct EventWordsTests {
    @Test func `events are known by these names`() {
        #expect(
            LifecycleKind.allCases.map(\.rawValue) == [
                "started", "resumed", "worker_failed", "restarting", "gave_up", "stalled", "recovered", "killed",
                "asked", "store_refused", "silent_given_up", "saved", "save_failed", "stop_failed", "begins_anew",
                "store_recovered",
            ])
    }

    @Test(arguments: LifecycleKind.allCases)
    func `an event is told in words, none like another`(kind: LifecycleKind) {
        #expect(!kind.words.contains("_") && !kind.words.isEmpty)
        #expect(LifecycleKind.allCases.count { $0.words == kind.words } == 1)
    }

    @Test func `a store that refuses is known by the word of older runs too`() {
        #expect(LifecycleKind(stored: "store_full") == .storeRefused)
        #expect(LifecycleKind(stored: "store_refused") == .storeRefused)
        #expect(LifecycleKind(stored: "running") == nil)
    }

    @Test(arguments: [
        ("main", SpanPhase.main), ("pre-data_transfer", .before(.dataTransfer)), ("post-save", .after(.save)),
        ("post-evaluate", .after(.evaluate)),
    ])
    func `a phase of a span is a word and back`(word: String, phase: SpanPhase) {
        #expect(SpanPhase(rawValue: word) == phase)
        #expect(phase.rawValue == word)
    }

    @Test(arguments: ["", "Main", "pre-", "post-nothing", "pre_save", "save"])
    func `another word is no phase`(word: String) {
        #expect(SpanPhase(rawValue: word) == nil)
    }

    @Test func `no event is also a status`() {
        #expect(LifecycleKind.allCases.allSatisfy { TrialStatus(rawValue: $0.rawValue) == nil })
    }
}
