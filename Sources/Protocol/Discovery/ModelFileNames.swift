/// What the files of a model's folder are called, as far as anything reads them.
package enum ModelFileNames {
    package static let configuration = "config.json"
    package static let tokenizer = "tokenizer.json"
    /// Kept beside the tokenizer, byte for byte.
    package static let tokenizerCompanions = [
        "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json", "generation_config.json",
        "chat_template.jinja", "chat_template.json", "vocab.json", "merges.txt", "tokenizer.model",
    ]
    package static let ranksEnding = ".tiktoken"
    package static let weights = "model.safetensors"
    package static let shardIndex = "model.safetensors.index.json"
    package static let weightsEnding = ".safetensors"

    /// Those of a folder's names that are read; with the one file of weights, neither an index nor shards.
    package static func read(of names: [String]) -> [String] {
        let isSharded = !names.contains(weights)
        return names.filter { name in
            switch name {
            case configuration, tokenizer, weights: true
            case shardIndex: isSharded
            case _ where name.hasSuffix(weightsEnding): isSharded
            default: name.hasSuffix(ranksEnding) || tokenizerCompanions.contains(name)
            }
        }
    }
}
