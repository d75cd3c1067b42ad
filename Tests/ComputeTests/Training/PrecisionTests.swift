import Testing

@testable import Compute

@Suite struct `Precision lists` {
    @Test func `products are white by default, everything else is black`() throws {
        let precision = try Precision(.bfloat16)
        let lowered = OpKind.allCases.filter { precision.format(of: $0) == .bfloat16 }
        #expect(lowered == [.matmul, .attention])
        #expect(precision.weightFormat == .bfloat16)
    }

    @Test func `lists add and remove ops`() throws {
        let precision = try Precision(.float16, whiteList: [.embedding], blackList: [.attention, .softmax])
        #expect(precision.format(of: .embedding) == .float16)
        #expect(precision.format(of: .attention) == .float32)
        #expect(precision.format(of: .matmul) == .float16)
        let blackProducts = try Precision(.float16, blackList: [.matmul])
        #expect(blackProducts.weightFormat == .float32)
    }

    @Test(arguments: [OpKind.softmax, .norm, .loss, .reduction])
    func `an op that needs single precision cannot be white`(op: OpKind) {
        let error = #expect(throws: ComputeError.self) { try Precision(.bfloat16, whiteList: [op]) }
        #expect(error?.summary.contains(op.rawValue) == true)
    }

    @Test func `an op in both lists is refused`() {
        #expect(throws: ComputeError.self) { try Precision(.float16, whiteList: [.matmul], blackList: [.matmul]) }
    }

    @Test func `storage in bfloat16 rounds weights only`() throws {
        let precision = try Precision(.bfloat16Storage)
        #expect(precision.weightFormat == .bfloat16)
        #expect(OpKind.allCases.allSatisfy { precision.format(of: $0) == .float32 })
    }

    @Test func `only the modes that gain no speed say so`() throws {
        #expect(Precision.float32.note == nil)
        #expect(try Precision(.bfloat16).note?.contains("emulated") == true)
        #expect(try Precision(.float16).note?.hasPrefix("fp16") == true)
        #expect(try Precision(.bfloat16Storage).note?.contains("single precision") == true)
    }
}
