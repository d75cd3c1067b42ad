import Testing

@testable import Compute

@Suite struct `Checkpoint state` {
    @Test func `whatever a state holds reads back the same`() throws {
        var random = SeededGenerator(seed: 31)
        for round in 0..<60 {
            var state = CheckpointState(
                step: round == 0 ? .max : Int(random.next() >> 1), updates: round == 1 ? 0 : Int(random.next() >> 1))
            for index in 0..<round % 4 {
                var generator = SeededGenerator(seed: random.next())
                for _ in 0..<index { _ = generator.next() }
                state.generators["generator \(index)"] = generator
                state.values["key\n\(index) \u{1F600}"] = "\u{0}\"\\\u{7F}\u{2028}\(random.next())"
            }
            for text in [state.json.compactText, state.json.prettyText] {
                #expect(try CheckpointState(json: Array(text.utf8), path: "state.json") == state)
            }
        }
    }

    @Test(arguments: [
        ("{", "a member name must be a string at byte 1"),
        (#"{"version":2,"step":1,"updates":0,"generators":{},"values":{}}"#, "version is not 1"),
        (#"{"step":1,"updates":0,"generators":{},"values":{}}"#, "version is not 1"),
        (#"{"version":1,"step":-1,"updates":0,"generators":{},"values":{}}"#, "step or updates is not a count"),
        (#"{"version":1,"step":1,"updates":-1,"generators":{},"values":{}}"#, "step or updates is not a count"),
        (#"{"version":1,"step":1.0,"updates":0,"generators":{},"values":{}}"#, "step or updates is not a count"),
        (#"{"version":1,"step":1,"generators":{},"values":{}}"#, "step or updates is not a count"),
        (
            #"{"version":1,"step":9223372036854775808,"updates":0,"generators":{},"values":{}}"#,
            "step or updates is not a count"
        ),
        (#"{"version":1,"step":1,"updates":0,"generators":{},"values":{"a":1}}"#, "values is not a map of strings"),
        (#"{"version":1,"step":1,"updates":0,"generators":{}}"#, "values is not a map of strings"),
        (#"{"version":1,"step":1,"updates":0,"values":{}}"#, "generators is not a map"),
        (#"{"version":1,"step":1,"updates":0,"generators":["1"],"values":{}}"#, "generators is not a map"),
    ])
    func `a state that is not one is refused with the field`(text: String, reason: String) {
        let error = #expect(throws: ComputeError.self) {
            try CheckpointState(json: Array(text.utf8), path: "/c/state.json")
        }
        #expect(error?.code == .damagedFile)
        #expect(error?.summary == "state.json cannot be used: \(reason)")
    }

    @Test(arguments: [
        #"[]"#, #"["1","2","3"]"#, #"["1","2","3","4","5"]"#, #"["0","0","0","0"]"#, #"["1","2","3","x"]"#,
        #"["1","x","2","3","4"]"#, #"["1","2","3",4]"#, #"["1","2","3","18446744073709551616"]"#,
        #"["1","2","3","-4"]"#, #""1""#, "null",
    ])
    func `a generator that could not continue its sequence is refused by name`(words: String) {
        let text = #"{"version":1,"step":1,"updates":0,"generators":{"data":\#(words)},"values":{}}"#
        let error = #expect(throws: ComputeError.self) {
            try CheckpointState(json: Array(text.utf8), path: "state.json")
        }
        #expect(error?.summary == "state.json cannot be used: generator 'data' has no state of four words")
    }
}
