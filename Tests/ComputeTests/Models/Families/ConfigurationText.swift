@testable import Compute

/// A `config.json` of a family whose lines a test replaces, adds or drops.
struct ConfigurationText {
    /// Lines by key, each value as JSON.
    var lines: [String: String]

    static let gpt2 = ConfigurationText(lines: [
        "model_type": #""gpt2""#, "vocab_size": "17", "n_positions": "32", "n_embd": "12", "n_layer": "2",
        "n_head": "3",
    ])
    static let llama = ConfigurationText(lines: [
        "model_type": #""llama""#, "vocab_size": "17", "hidden_size": "16", "intermediate_size": "24",
        "num_hidden_layers": "2", "num_attention_heads": "4", "num_key_value_heads": "2",
        "max_position_embeddings": "32",
    ])
    static let qwen2: ConfigurationText = {
        var text = llama
        text["model_type"] = #""qwen2""#
        return text
    }()

    /// The JSON of a key; nil drops the line.
    subscript(key: String) -> String? {
        get { lines[key] }
        set { lines[key] = newValue }
    }

    func with(_ key: String, _ value: String?) -> ConfigurationText {
        var text = self
        text[key] = value
        return text
    }

    var bytes: [UInt8] {
        let members = lines.sorted { $0.key < $1.key }.map { #""\#($0.key)":\#($0.value)"# }
        return Array("{\(members.joined(separator: ","))}".utf8)
    }

    func read() throws(ComputeError) -> ModelConfiguration {
        try ModelConfiguration(json: bytes, path: "/models/m/config.json")
    }

    func spec() throws(ComputeError) -> ModelSpec { try read().spec }

    /// The summary and the detail of the refusal; nil where the file is accepted.
    var refusal: (code: ComputeError.Code, summary: String, detail: String)? {
        do throws(ComputeError) {
            _ = try read()
            return nil
        } catch {
            return (error.code, error.summary, error.detail)
        }
    }
}
