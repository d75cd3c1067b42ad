import Testing

@testable import Compute

@Suite struct `Rotary position configuration` {
    private func read(_ lines: [String: String]) throws -> ModelSpec {
        var text = ConfigurationText.llama
        text.lines.merge(lines) { $1 }
        return try text.spec()
    }

    private func rotary(_ lines: [String: String]) throws -> RotaryPosition? {
        guard case .rotary(let rotary) = try read(lines).position else { return nil }
        return rotary
    }

    @Test(arguments: [
        [:], ["rope_theta": "10000.0"], ["rope_theta": "10000", "rope_scaling": "null"],
        ["rope_parameters": #"{"rope_theta":10000.0,"rope_type":"default"}"#],
        ["rope_scaling": "{}", "rope_parameters": #"{"rope_theta":10000.0}"#],
        ["rope_theta": "5.0", "rope_parameters": #"{"rope_theta":10000.0,"rope_type":"default"}"#],
    ])
    func `plain positions in every spelling`(lines: [String: String]) throws {
        #expect(try rotary(lines) == RotaryPosition(base: 10_000))
    }

    @Test(arguments: [
        (#"{"type":"linear","factor":2.0}"#, RotaryPosition.Scaling.linear(factor: 2)),
        (#"{"rope_type":"linear","factor":2}"#, .linear(factor: 2)),
        (#"{"type":"dynamic","factor":4.0}"#, .dynamic(factor: 4, originalContext: 32)),
        (
            #"{"rope_type":"llama3","factor":8.0,"low_freq_factor":1.0,"high_freq_factor":4.0,"#
                + #""original_max_position_embeddings":16}"#,
            .llama3(factor: 8, lowFrequencyFactor: 1, highFrequencyFactor: 4, originalContext: 16)
        ),
        (
            #"{"rope_type":"llama3","factor":8.0,"low_freq_factor":1.0,"high_freq_factor":4.0}"#,
            .llama3(factor: 8, lowFrequencyFactor: 1, highFrequencyFactor: 4, originalContext: 32)
        ),
        (
            #"{"type":"yarn","factor":4.0,"original_max_position_embeddings":8}"#,
            .yarn(RotaryPosition.YaRN(factor: 4, originalContext: 8))
        ),
        (
            #"{"rope_type":"yarn","original_max_position_embeddings":8,"beta_fast":16,"beta_slow":2,"truncate":false,"#
                + #""attention_factor":1.5}"#,
            .yarn(
                RotaryPosition.YaRN(
                    factor: 4, originalContext: 8, betaFast: 16, betaSlow: 2, attentionFactor: 1.5, truncates: false))
        ),
        (
            #"{"rope_type":"yarn","factor":2,"beta_fast":0,"beta_slow":null}"#,
            .yarn(RotaryPosition.YaRN(factor: 2, originalContext: 32))
        ),
    ])
    func `scalings with their defaults, old spelling and new`(json: String, scaling: RotaryPosition.Scaling) throws {
        #expect(
            try rotary(["rope_theta": "500000.0", "rope_scaling": json])
                == RotaryPosition(base: 500_000, scaling: scaling))
        let nested = json.replacing("{", with: #"{"rope_theta":500000.0,"#)
        #expect(try rotary(["rope_parameters": nested]) == RotaryPosition(base: 500_000, scaling: scaling))
    }

    @Test func `two factors of YaRN become one`() throws {
        let json = #"{"rope_type":"yarn","factor":4,"mscale":2.0,"mscale_all_dim":0.5}"#
        guard case .yarn(let yarn) = try #require(try rotary(["rope_scaling": json])).scaling else {
            Issue.record("no YaRN")
            return
        }
        // (0.1 * 2 * ln 4 + 1) / (0.1 * 0.5 * ln 4 + 1)
        #expect(abs(try #require(yarn.attentionFactor) - 1.194_464_876) < 1e-8)
    }

    @Test func `dynamic scaling reaches beyond the stated context`() throws {
        #expect(try read(["rope_scaling": #"{"type":"dynamic","factor":4.0}"#]).contextLength == 128)
        #expect(try read(["rope_scaling": #"{"type":"dynamic","factor":1e300}"#]).contextLength == 1 << 22)
    }

    @Test(arguments: [
        (#"{"rope_type":"longrope","factor":2}"#, "rope_parameters.rope_type 'longrope'"),
        (#"{"rope_type":"yarm","factor":2}"#, "rope_parameters.rope_type 'yarm'"),
        (#"{"full_attention":{"rope_type":"default"}}"#, "rope_parameters.full_attention"),
        (#"{"rope_type":"default","partial_rotary_factor":0.25}"#, "partial_rotary_factor 0.25"),
    ])
    func `positions that are not computed here are refused`(json: String, what: String) throws {
        let error = #expect(throws: ComputeError.self) { try read(["rope_parameters": json]) }
        #expect(error?.summary == "This version cannot run a model with \(what).")
    }

    @Test(arguments: [
        (#"{"rope_type":"linear"}"#, "rope_parameters.factor is missing"),
        (#"{"rope_type":"linear","factor":"2"}"#, #"rope_parameters.factor is "2" and must be a number"#),
        (#"{"rope_type":"linear","factor":0.5}"#, "rope_parameters: The rotary scaling factor is 0.5"),
        (#"{"rope_type":"linear","factor":-1e300}"#, "rope_parameters: The rotary scaling factor is -1e+300"),
        (#"{"rope_type":"llama3","factor":2,"low_freq_factor":1}"#, "rope_parameters.high_freq_factor is missing"),
        (
            #"{"rope_type":"llama3","factor":2,"low_freq_factor":4,"high_freq_factor":4}"#,
            "rope_parameters: The rotary scaling needs 0 < low_freq_factor"
        ),
        (
            #"{"rope_type":"yarn","factor":2,"original_max_position_embeddings":0}"#,
            "rope_parameters.original_max_position_embeddings is 0"
        ),
        (#"{"rope_theta":0}"#, "rope_parameters: The rotary base is 0.0"),
        ("7", "rope_parameters is 7 and must be an object"),
    ])
    func `numbers that make no sense are named`(json: String, reason: String) throws {
        let error = #expect(throws: ComputeError.self) { try read(["rope_parameters": json]) }
        #expect(error?.summary.contains(reason) == true, "\(error?.summary ?? "")")
        #expect(error?.summary.hasPrefix("config.json cannot be used: ") == true)
    }
}
