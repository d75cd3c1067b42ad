import Compute
import Protocol
import Testing

@testable import Workers

/// Whatever reads declared arguments: every interface, and the two that models have.
private struct Reader: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let declared: [Argument]
    /// Reads the arguments, given and declared as told.
    let read: @Sendable (GivenArguments, [Argument]) throws -> Void

    static let all: [Reader] = Interfaces.all.map(Reader.init) + [optimizer, model]

    init(_ interface: any ModelInterface.Type) {
        testDescription = interface.name
        declared = interface.arguments
        read = { given, declared in
            _ = try interface.init(arguments: ArgumentValues(given, of: interface.name, declared: declared))
        }
    }

    init(_ name: String, _ declared: [Argument], _ read: @escaping @Sendable (ArgumentValues) throws -> Void) {
        testDescription = name
        self.declared = declared
        self.read = { try read(ArgumentValues($0, of: name, declared: $1)) }
    }

    static let optimizer = Reader("optimizer", OptimizerArguments.declared) { _ = try OptimizerArguments(values: $0) }
    static let model = Reader("model", ModelArguments.declared) { _ = try ModelArguments(values: $0) }

    /// Declared and never read: what is not missed when it is not there.
    var unread: [String] {
        declared.map(\.name).filter { name in (try? read([:], declared.filter { $0.name != name })) != nil }
    }

    /// Why the defaults cannot be read: an argument that is read and not declared, among others.
    var refusal: String? {
        do {
            try read([:], declared)
            return nil
        } catch {
            return describe(error)
        }
    }
}

@Suite struct `Declared arguments are the ones that are read` {
    @Test(arguments: Reader.all)
    private func `by everything that declares any`(reader: Reader) {
        #expect(reader.refusal == nil)
        #expect(reader.unread == [])
        #expect(Set(reader.declared.map(\.name)).count == reader.declared.count)
        #expect(reader.declared.allSatisfy { !$0.help.isEmpty })
    }

    /// The values at the ends of what an argument accepts.
    private func ends(_ kind: SettingKind) -> [SettingValue] {
        switch kind {
        case .integer(let range): [.integer(range.lowerBound), .integer(range.upperBound)]
        case .number(let range): [.number(range.lowerBound), .number(range.upperBound)]
        case .choice(let words): words.map { .text($0) }
        case .boolean: [true, false]
        case .text, .path: []
        }
    }

    @Test(arguments: Reader.all)
    private func `at both ends of every range, alone or beside the others' upper ends`(reader: Reader) {
        var highest: GivenArguments = [:]
        for argument in reader.declared {
            if case .integer(let range) = argument.kind { highest[argument.name] = .integer(range.upperBound) }
        }
        // Lists that these words ask for.
        if highest["lora_rank"] != nil { highest["warmup_steps"] = 0 }
        for argument in reader.declared {
            for end in ends(argument.kind) {
                var alone: GivenArguments = [:], together = highest
                if end == "multistep" { alone["milestones"] = "1" }
                (alone[argument.name], together[argument.name]) = (end, end)
                let isTaken = [alone, together].contains { (try? reader.read($0, reader.declared)) != nil }
                #expect(isTaken, "\(argument.name)=\(end)")
            }
        }
    }

    private struct Careless: ModelInterface {
        static let name = "careless"
        static let arguments = [
            Argument("used", .integer(0...9), default: 1, "read"),
            Argument("unused", .boolean, default: true, "not read"),
        ]
        static let signatures: [InterfaceType: InterfaceSignature] = [:]
        init(arguments: ArgumentValues) throws { _ = try arguments.integer("used") }
        func run(_ call: InterfaceCall, on model: WorkerModel) throws -> InterfaceResult { InterfaceResult() }
    }

    private struct Greedy: ModelInterface {
        static let name = "greedy"
        static let arguments = [Argument("one", .integer(0...9), default: 1, "read")]
        static let signatures: [InterfaceType: InterfaceSignature] = [:]
        init(arguments: ArgumentValues) throws {
            _ = try arguments.integer("one")
            _ = try arguments.integer("two")
        }
        func run(_ call: InterfaceCall, on model: WorkerModel) throws -> InterfaceResult { InterfaceResult() }
    }

    @Test func `and a slip on either side is found`() {
        #expect(Reader(Careless.self).unread == ["unused"])
        #expect(Reader(Careless.self).refusal == nil)
        #expect(Reader(Greedy.self).refusal == "greedy reads 'two', which it does not declare so")
    }
}
