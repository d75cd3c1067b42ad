import ArgumentParser
import Foundation
import Orchestrator
import Protocol
import Store

/// Checks the machine and the store and says what is wrong and what to do.
struct DoctorCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor", abstract: "Check this machine and every trial's database.")

    @OptionGroup var appearance: AppearanceOptions

    @Flag(help: "Print JSON.")
    var json = false

    private struct Finding: Encodable {
        let subject: String
        let isGood: Bool
        let detail: String
    }

    func run() throws {
        let home = Environment.home
        var findings = [homeFinding(home), terminalFinding(), deviceFinding(home)] + placeFindings(home)
        findings += home.trialFolders().map(trialFinding)
        let glyphs = (try? plan)?.repertoire == .ascii ? Glyphs.ascii : .unicode
        if json {
            try Output.json(findings)
        } else {
            for finding in findings {
                let mark = String(finding.isGood ? glyphs.done : glyphs.failed)
                Output.line("\(mark) \(finding.subject)  \(finding.detail.printableLines(indent: "  "))")
            }
        }
        if findings.contains(where: { !$0.isGood }) { throw ExitCode.failureStatus }
    }

    /// What the terminal, or whoever reads the output, can show.
    private var plan: TerminalPlan {
        get throws {
            // Whether this very output is a terminal says nothing about the one that the dashboard would run on.
            try TerminalPlan.decide(environment: appearance.environment(Environment.variables), isTerminal: true)
        }
    }

    private func homeFinding(_ home: HomeFolder) -> Finding {
        if let problem = Environment.problem(reading: home) {
            return Finding(subject: "home", isGood: false, detail: problem)
        }
        do throws(HomeError) {
            try home.checkOwner()
        } catch {
            let advice = error.hint.map { "\n\($0)" } ?? ""
            return Finding(subject: "home", isGood: false, detail: error.summary + advice)
        }
        let manager = FileManager.default
        var folder = home.path
        while !manager.fileExists(atPath: folder), folder != "/" {
            folder = (folder as NSString).deletingLastPathComponent
        }
        guard manager.isWritableFile(atPath: folder) else {
            return Finding(subject: "home", isGood: false, detail: "\(home.path) cannot be written")
        }
        let free = (try? manager.attributesOfFileSystem(forPath: folder)[.systemFreeSize]) as? Int ?? 0
        let detail = "\(home.path), \(free >> 20) MiB free"
        return Finding(
            subject: "home", isGood: free > 100 << 20,
            detail: free > 100 << 20 ? detail : "\(detail): less than 100 MiB")
    }

    private func terminalFinding() -> Finding {
        let variables = Environment.variables
        let name = variables["TERM"] ?? ""
        let locale =
            variables["LC_ALL"].flatMap { $0.isEmpty ? nil : $0 } ?? variables["LC_CTYPE"] ?? variables["LANG"] ?? ""
        let colour = variables["COLORTERM"] ?? "unset"
        let facts = "TERM=\(name) COLORTERM=\(colour) locale \(locale.isEmpty ? "unset" : locale)"
        guard let plan = try? plan else {
            return Finding(
                subject: "terminal", isGood: true,
                detail: "TERM='\(name)' cannot show the dashboard; commands and --headless work")
        }
        return Finding(
            subject: "terminal", isGood: true,
            detail: "\(facts): \(plan.abilities(colors: TerminalPlan.colors(ofEntry:)))")
    }

    private func deviceFinding(_ home: HomeFolder) -> Finding {
        Finding(
            subject: "devices", isGood: true,
            detail: "\(MachineShare.current(home: home).detail), \(DeviceSurvey.gpus())")
    }

    /// Only where there is a home already: looking makes none.
    private func placeFindings(_ home: HomeFolder) -> [Finding] {
        guard FileManager.default.isWritableFile(atPath: home.path) else { return [] }
        return PlaceProbe.all(in: home.path, home: home).map {
            Finding(subject: $0.subject, isGood: $0.isGood, detail: $0.detail)
        }
    }

    private func trialFinding(_ folder: TrialFolder) -> Finding {
        do {
            let findings = try Integrity.check(path: folder.database).findings
            return Finding(
                subject: folder.id.description, isGood: findings.isEmpty,
                detail: findings.isEmpty ? "sound" : findings.joined(separator: "; "))
        } catch {
            return Finding(subject: folder.id.description, isGood: false, detail: describe(error))
        }
    }
}

extension Protocol.ExitCode {
    /// Ends a command with status 1 when everything worth saying has been printed.
    static var failureStatus: ArgumentParser.ExitCode { ArgumentParser.ExitCode(failure) }
}
