/// The columns of rows that have no prompt or no answer by those names, and the command that gives them one.
struct ColumnNames {
    private let names: [String]

    /// What others call a prompt and its answer; earlier ones are meant where a row has several.
    private static let prompts = ["prompt", "question", "instruction", "query", "problem", "input", "text"]
    private static let answers = [
        "answer", "response", "completion", "output", "solution", "target", "label", "answers",
    ]
    /// A list of turns, and what a turn calls its text.
    private static let chats = [("messages", ".content"), ("conversations", "(.value // .content)")]

    init(_ names: [String]) { self.names = names }

    /// For columns that hold the turns of a chat, or several texts.
    static func lastOfLists(path: String) -> String {
        "take the last of each list, of a turn its content: "
            + command(#"map_values(if type == "array" then .[-1].content? // .[-1] else . end)"#, path)
    }

    private static func command(_ filter: String, _ path: String) -> String {
        "jq -c '\(filter)' '\(path)' > converted.jsonl"
    }

    func advice(path: String) -> String {
        let command = { Self.command($0, path) }
        for (chat, text) in Self.chats where names.contains(chat) {
            return "take the last two turns of each chat: "
                + command(".\(chat) | {prompt: .[-2] | \(text), answer: .[-1] | \(text)}")
        }
        if Set(["instruction", "input", "output"]).isSubset(of: names) {
            return "rename them: "
                + command(
                    #"{prompt: ([.instruction, .input // ""] | map(select(. != "")) | join("\n")), answer: .output}"#)
        }
        let prompt = named(Self.prompts), answer = answer(beside: prompt)
        if prompt == "text", answer == nil {
            return "take the first line of each text as the prompt, the rest as the answer: "
                + command(#".text | split("\n") | {prompt: .[0], answer: (.[1:] | join("\n"))}"#)
        }
        return "rename them: "
            + command("{prompt: .\(prompt ?? "COLUMN"), answer: .\(answer ?? "COLUMN")}")
    }

    /// The first of `known`, however it is capitalised; only names that a filter takes without quotes are known.
    private func named(_ known: [String]) -> String? {
        known.lazy.compactMap { word in names.first { $0.lowercased() == word } }.first
    }

    /// The only other column is the answer, whatever it is called.
    private func answer(beside prompt: String?) -> String? {
        if let answer = named(Self.answers) { return answer }
        let others = names.filter { $0 != prompt && $0 != "id" }
        guard prompt != nil, others.count == 1, let other = others.first, Self.needsNoQuotes(other) else { return nil }
        return other
    }

    private static func needsNoQuotes(_ name: String) -> Bool {
        name.utf8.first.map { !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) } == true
            && name.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"):
                    true
                default: false
                }
            }
    }
}
