import Testing

@testable import Workers

@Suite struct `Rows with other columns` {
    @Test(arguments: [
        (["question", "answer"], "rename them: jq -c '{prompt: .question, answer: .answer}' 'd' > converted.jsonl"),
        (
            ["Prompt", "Completion"],
            "rename them: jq -c '{prompt: .Prompt, answer: .Completion}' 'd' > converted.jsonl"
        ),
        (["prompt", "gold"], "rename them: jq -c '{prompt: .prompt, answer: .gold}' 'd' > converted.jsonl"),
        (
            ["instruction", "input", "output"],
            #"rename them: jq -c '{prompt: ([.instruction, .input // ""] | map(select(. != "")) | join("\n")), "#
                + "answer: .output}' 'd' > converted.jsonl"
        ),
        (
            ["messages"],
            "take the last two turns of each chat: jq -c '.messages | {prompt: .[-2] | .content, "
                + "answer: .[-1] | .content}' 'd' > converted.jsonl"
        ),
        (
            ["text"],
            #"take the first line of each text as the prompt, the rest as the answer: jq -c '.text | split("\n") | "#
                + #"{prompt: .[0], answer: (.[1:] | join("\n"))}' 'd' > converted.jsonl"#
        ),
        (["a", "b"], "rename them: jq -c '{prompt: .COLUMN, answer: .COLUMN}' 'd' > converted.jsonl"),
    ])
    func `are told the command that fits them`(names: [String], advice: String) {
        #expect(ColumnNames(names).advice(path: "d") == advice)
    }

    @Test(arguments: [#"{"prompt":[{"role":"user","content":"a"}],"answer":"b"}"#, #"{"prompt":"a","answer":["b"]}"#])
    func `or with lists in them are told how to take the last of each`(row: String) throws {
        let record = try RowRecord(.bytes(Array(row.utf8)), number: 1)
        var left = LeftOutRows()
        for name in PromptRow.columns {
            do throws(RowFault) { _ = try record.text(name) } catch { left.add(error, path: "d", line: 1) }
        }
        #expect(left.advice(path: "d", wanted: PromptRow.columns) == ColumnNames.lastOfLists(path: "d"))
    }
}
