import Glibc
import TestSupport
import Testing

@testable import Compute

/// What people give as a model's folder, and what they are told.
@Suite struct `Model folders` {
    private let folder = TemporaryFolder()

    /// The refusal of a path as a model to begin with.
    private func refusal(_ path: String) -> ComputeError? {
        do throws(ComputeError) {
            _ = try Checkpoint.openExternal(path)
            return nil
        } catch {
            return error
        }
    }

    private func expect(_ what: String, at path: String? = nil, next: String) {
        let path = path ?? folder.path
        let error = refusal(path)
        #expect(error?.summary == "\(path) is no model's folder: \(what).")
        #expect(error?.hint == "\(next).")
    }

    private func makeFolder(_ name: String) { #expect(mkdir(folder.file(name), 0o700) == 0) }

    @Test func `nothing, an empty folder and a folder of something else are told apart`() {
        expect(
            "there is no such folder", at: folder.file("none"),
            next: "Check the path; a name of the hub must be downloaded first")
        expect("it is empty", next: "Give the folder that holds config.json")
        folder.write("x", to: "notes.txt")
        expect(
            "it has no config.json",
            next: "Give the folder that transformers wrote with save_pretrained, or download config.json too")
    }

    @Test func `a single file names its folder`() {
        expect(
            "it is a single file", at: folder.write("x", to: "model.safetensors"),
            next: "Give the folder that holds it: \(folder.path)")
    }

    @Test func `a PEFT adapter names its model and the command that merges both`() {
        folder.write(#"{"base_model_name_or_path":"org/base"}"#, to: "adapter_config.json")
        folder.write("x", to: "adapter_model.safetensors")
        let error = refusal(folder.path)
        #expect(
            error?.summary
                == "\(folder.path) is no model's folder: it is a PEFT adapter of org/base, not a whole model.")
        #expect(error?.hint?.contains("AutoPeftModelForCausalLM") == true)
        #expect(error?.hint?.contains("merge_and_unload().save_pretrained('\(folder.path)-merged')") == true)
    }

    @Test func `a PEFT adapter beside a model's configuration is one all the same`() throws {
        let model = try ExternalFolder()
        try model.writeConfiguration()
        _ = try model.scratch.write([1], to: "adapter_config.json")
        _ = try model.scratch.write([1], to: "adapter_model.safetensors")
        #expect(refusal(model.scratch.path)?.summary.contains("it is a PEFT adapter, not a whole model") == true)
    }

    @Test(arguments: ["", "/checkpoints", "/checkpoints/actor"])
    func `the folders of a trial name its last whole step`(given: String) {
        for name in ["checkpoints", "checkpoints/actor", "logs"] { makeFolder(name) }
        for step in ["step-9", "step-10", "step-11"] { makeFolder("checkpoints/actor/\(step)") }
        for step in ["step-9", "step-10"] { folder.write("{}", to: "checkpoints/actor/\(step)/config.json") }
        expect(
            "it holds the checkpoints of a trial", at: folder.path + given,
            next: "Give the folder of a step, such as \(folder.path)/checkpoints/actor/step-10")
    }

    @Test func `the root of a model in the hub's cache names its snapshot`() {
        for name in ["snapshots", "snapshots/aaa", "snapshots/bbb", "refs"] { makeFolder(name) }
        folder.write("aaa\n", to: "refs/main")
        expect("it is a Hugging Face cache folder", next: "Give \(folder.path)/snapshots/aaa")
    }

    @Test func `the hub's whole cache names what is in it`() {
        makeFolder("models--org--name")
        expect(
            "it is a Hugging Face cache with models--org--name",
            next: "Give the folder below models--…/snapshots/ of one of them")
    }

    @Test func `the folder above the model and the one below it name the right one`() {
        makeFolder("model")
        makeFolder("model/onnx")
        folder.write("{}", to: "model/config.json")
        expect("the model is one folder further down", next: "Give \(folder.path)/model")
        expect("the model is one folder further up", at: folder.file("model/onnx"), next: "Give \(folder.path)/model")
    }

    @Test(arguments: ["config.json", "model-00001-of-00002.safetensors", "tokenizer.json", "tokenizer.model"])
    func `a Git LFS pointer is named with the command that fetches the file`(name: String) {
        folder.write("{}", to: "config.json")
        folder.write("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 5\n", to: name)
        let error = refusal(folder.path)
        #expect(error?.summary == "\(name) cannot be used: it is a Git LFS pointer, not the file itself")
        #expect(error?.hint?.contains("git lfs pull") == true)
    }

    @Test func `a link of the hub's cache whose blob is missing is named`() {
        folder.write("{}", to: "config.json")
        #expect(symlink("../blobs/none", folder.file("model.safetensors")) == 0)
        let error = refusal(folder.path)
        #expect(error?.summary == "model.safetensors cannot be used: it is a link to a file that is not there")
        #expect(error?.hint?.contains("Download the model again") == true)
    }

    @Test(arguments: [
        (["model.safetensors.incomplete"], "its weights are only half downloaded"),
        (["model.gguf"], "GGUF files are made for inference and cannot be trained on"),
        (["pytorch_model.bin"], "The weights are pickled"),
        (["model-00002-of-00002.safetensors"], "but no model.safetensors and no model.safetensors.index.json"),
    ])
    func `weights that cannot be read are named`(names: [String], reason: String) throws {
        let model = try ExternalFolder()
        try model.writeConfiguration()
        for name in names { _ = try model.scratch.write([1], to: name) }
        let error = refusal(model.scratch.path)
        #expect(error?.summary.contains(reason) == true, "\(error?.summary ?? "")")
    }

    @Test func `a file that was cut says so`() throws {
        let model = try ExternalFolder()
        try model.write(model.tensors)
        let bytes = try ScratchFolder.read(model.scratch.path + "/model.safetensors")
        for count in [4, 100, bytes.count - 1] {
            _ = try model.scratch.write(Array(bytes.prefix(count)), to: "model.safetensors")
            let error = refusal(model.scratch.path)
            #expect(error?.hint?.hasPrefix("The file is cut or altered: copy or download it again") == true)
        }
    }

    @Test func `a tied matrix may be stored under the head's name`() throws {
        for spec in [ExternalFolder.gpt2, ExternalFolder.qwen2] {
            let model = try ExternalFolder(spec)
            var tensors = model.tensors
            tensors[0].name = "lm_head.weight"
            try model.write(tensors)
            let read = try model.read()
            #expect(read.weights == Array(model.weights.floats))
            #expect(read.report == WeightReport())
        }
    }
}
