import Foundation
import Protocol
import TestSupport
import Testing

/// A refused name comes with one that is accepted.
@Suite struct NameRepairTests {
    @Test(arguments: [
        ("", "first", "is empty"),
        ("my_trial", "my-trial", "has a '_', which separates experiment from trial in job names"),
        ("_", "first", "has a '_', which separates experiment from trial in job names"),
        ("_x", "t-x", "has a '_', which separates experiment from trial in job names"),
        ("a/b", "a-b", "has a '/'"),
        ("../../etc", "t..-..-etc", "has a '/'"),
        ("/", "first", "has a '/'"),
        (".", "first", "starts with '.'"),
        (".hidden", "t.hidden", "starts with '.'"),
        ("-rf", "t-rf", "starts with '-'"),
        ("two words", "two-words", "has a character other than letters, digits, '-' and '.'"),
        ("训练", "first", "has a character other than letters, digits, '-' and '.'"),
        ("größe", "gr--e", "has a character other than letters, digits, '-' and '.'"),
        ("a;b", "a-b", "has a character other than letters, digits, '-' and '.'"),
        ("$(x)", "t--x-", "has a character other than letters, digits, '-' and '.'"),
        ("*", "first", "has a character other than letters, digits, '-' and '.'"),
        ("it's", "it-s", "has a character other than letters, digits, '-' and '.'"),
        ("a\u{7f}", "a-", "has a character other than letters, digits, '-' and '.'"),
    ])
    func `the reason is told and the repair keeps what it can`(name: String, repaired: String, reason: String) {
        let error = #expect(throws: NameError.self) { try TrialName(name) }
        #expect(error?.summary == "trial name '\(name)' \(reason).")
        #expect(error?.hint == "use a name like '\(repaired)'")
    }

    @Test func `a name of 65 characters is cut to 32 in the hint`() {
        let error = #expect(throws: NameError.self) { try ExperimentName(String(repeating: "ab", count: 33)) }
        #expect(error?.hint == "use a name like '\(String(repeating: "ab", count: 16))'")
        #expect(error?.summary.hasSuffix("is longer than 64 characters.") == true)
        #expect(error?.summary.hasPrefix("experiment name 'abab") == true)
    }

    @Test(arguments: UInt64(1)...20)
    func `whatever is typed, the offered name is accepted`(seed: UInt64) throws {
        var random = SplitMix(seed: seed)
        let pool = Array("ab9.-_/@\\ ~$;*'\"ü训\u{1b}\u{0}\u{301}👍")
        for _ in 0..<200 {
            let length = Int.random(in: 0...80, using: &random)
            let name = String((0..<length).map { _ in pool.randomElement(using: &random) ?? "a" })
            do {
                // What is accepted is safe in a path and in a shell as it stands.
                let accepted = try TrialName(name).description
                #expect(accepted == name)
                #expect(name.utf8.allSatisfy { "ab9.-".utf8.contains($0) } && !name.hasPrefix(".") && !name.isEmpty)
            } catch {
                let offered = try #require(error.hint).split(separator: "'")[1]
                #expect(throws: Never.self) { try TrialName(String(offered)) }
            }
        }
    }

    @Test func `names are checked again when they are read from a file`() throws {
        let good = Data(#"{"experiment":"grpo-arith","trial":"first"}"#.utf8)
        #expect(try JSONDecoder().decode(TrialID.self, from: good).description == "grpo-arith/first")
        for bad in [#"{"experiment":"grpo-arith","trial":"../x"}"#, #"{"experiment":"a_b","trial":"x"}"#] {
            #expect(throws: NameError.self) { try JSONDecoder().decode(TrialID.self, from: Data(bad.utf8)) }
        }
        for bad in [#"{"experiment":"e"}"#, #"{"experiment":"e","trial":7}"#, #"["e","t"]"#] {
            #expect(throws: DecodingError.self) { try JSONDecoder().decode(TrialID.self, from: Data(bad.utf8)) }
        }
    }
}
