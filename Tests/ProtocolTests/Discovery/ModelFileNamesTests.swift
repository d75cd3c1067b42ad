import Testing

@testable import Protocol

@Suite struct `The files of a model's folder` {
    @Test func `that nothing reads are no part of it`() {
        let names = [
            "adapter_model.safetensors", "config.json", "model.safetensors", "notes.txt", "optimizer.safetensors",
            "qwen.tiktoken", "tokenizer.json", "tokenizer_config.json", "trainer_state.json",
        ]
        #expect(
            ModelFileNames.read(of: names) == [
                "config.json", "model.safetensors", "qwen.tiktoken", "tokenizer.json", "tokenizer_config.json",
            ])
    }

    @Test func `are shards and their index where there is no single file of weights`() {
        let names = ["a.safetensors", "b.safetensors", "config.json", "model.safetensors.index.json"]
        #expect(ModelFileNames.read(of: names) == names)
    }
}
