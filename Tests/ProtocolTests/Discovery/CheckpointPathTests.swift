import Protocol
import TestSupport
import Testing

@Suite struct CheckpointPathTests {
    @Test func `a path is read as it is written`() {
        let path = CheckpointPath(folder: "/c/actor", step: 12)
        #expect("\(path)" == "/c/actor/step-12")
        #expect(CheckpointPath("/c/actor/step-12") == path)
    }

    @Test(arguments: [
        "", "step", "step-", "step-x", "step-07", "step--1", "step-+1", "Step-1", "step-1 ", "step-3.invalid",
        ".step-1.partial", "step-99999999999999999999",
    ])
    func `other names are no checkpoint`(name: String) {
        #expect(CheckpointPath.step(of: name) == nil)
        #expect(CheckpointPath("/c/\(name)") == nil)
    }

    @Test func `the steps of a folder are those of its checkpoints`() {
        let folder = TemporaryFolder()
        for name in ["step-1", "step-10", "step-2.invalid", "notes"] { _ = folder.write("", to: name) }
        #expect(CheckpointPath.steps(in: folder.path).sorted() == [1, 10])
        #expect(CheckpointPath.steps(in: "\(folder.path)/none") == [])
    }

    @Test func `is hidden while it is written or removed, and what is left of it then is known`() {
        let path = CheckpointPath(folder: "actor", step: 4)
        #expect(
            [path.partial, path.doomed, path.aside] == [
                "actor/.step-4.partial", "actor/.step-4.removed", "actor/step-4.replaced",
            ])
        #expect([".step-4.partial", ".step-4.removed"].allSatisfy { CheckpointPath.Leftover($0) == .rubbish })
        #expect(CheckpointPath.Leftover("step-4.replaced") == .steppedAside("step-4"))
        #expect(["step-4", "step-4.invalid", "mine.partial"].allSatisfy { CheckpointPath.Leftover($0) == nil })
    }
}
