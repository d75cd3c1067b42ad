import Foundation
import Protocol
import TestSupport
import Testing

@testable import Store

/// What the guide says of the store is so.
@Suite struct GuideTests {
    private func text() throws -> String { try SourceTree.text("docs/guide/store.md") }

    private func filledRun() throws -> RunBuilder {
        let run = try RunBuilder()
        let batch = Batch.of(seq: 1) { batch in
            batch.metrics = [Batch.block(1, [("sft/loss", 2)])]
            batch.spans = [Batch.span(1, start: 1, end: 5)]
            batch.logs = [Batch.log("odd", level: .warning)]
            batch.states = [Batch.state(.running, time: 1)]
            batch.checkpoints = [Batch.checkpoint(1, time: 2)]
        }
        _ = try run.writer.append(batch)
        try run.writer.close()
        return run
    }

    @Test func `each SQL example runs and finds something`() throws {
        let run = try filledRun()
        let file = try SQLiteFile(path: run.path, mode: .reading)
        let blocks = try text().components(separatedBy: "```sql\n").dropFirst()
        let code = blocks.compactMap { $0.components(separatedBy: "```").first }.joined()
        let statements = code.components(separatedBy: ";\n").filter { $0.contains("SELECT") }
        #expect(statements.count >= 5)
        for statement in statements {
            let rows = try file.access { try $0.rows(statement) { $0.text(0) } }
            #expect(rows.isEmpty == false, "\(statement)")
        }
    }

    @Test func `the views have the columns it lists`() throws {
        let run = try filledRun()
        let file = try SQLiteFile(path: run.path, mode: .reading)
        let views = try file.access { database in
            try database.rows(
                """
                SELECT s.name, (SELECT group_concat(name, ', ') FROM pragma_table_info(s.name)) FROM sqlite_schema s
                WHERE s.type = 'view'
                """
            ) { ($0.text(0), $0.text(1)) }
        }
        #expect(views.count == 6)
        let text = try text()
        for (view, columns) in views {
            let row = text.split(separator: "\n").first { $0.hasPrefix("| `\(view)`") }
            #expect(row?.contains("`\(columns)`") == true, "\(view): \(columns)")
        }
    }
}
