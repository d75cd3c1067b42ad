import Protocol
import Workers

/// What is known only when tokenizers, models and files are opened.
extension PlanCheck {
    func rehearsed(_ plan: TrialPlan) throws -> TrialRehearsal {
        do {
            return try machine.rehearse(plan)
        } catch let fault as RehearsalFault {
            let facing = fault.underlying as? any UserFacingError
            throw ConfigurationError(
                .dataset, "\(fault.setting): \(facing?.summary ?? "\(fault.underlying)")", detail: facing?.detail ?? "",
                hint: facing?.hint)
        }
    }

    /// A step never starts when the dataset has fewer usable rows than it takes.
    func verifyFiles(
        of setup: SetupPlan, _ shown: SetupRehearsal, _ report: inout PlanReport
    ) throws(ConfigurationError) {
        let settings = SettingNames(of: setup)
        if let file = shown.rows {
            let wanted = setup.calls.map(\.sequences).max() ?? 1
            if file.isWhole, file.usable < wanted {
                let lost = file.leftOut > 0 ? " that can be used (\(file.leftOut) left out: \(file.complaints))" : ""
                let rows = file.usable == 1 ? "row" : "rows"
                throw ConfigurationError(
                    .dataset,
                    "dataset.path: \(file.path) has only \(file.usable) \(rows)\(lost), one step takes \(wanted)",
                    hint: "lower \(settings.batch), or add rows")
            }
            try verifyAnswers(in: file, "dataset.path", settings.newTokens)
            report.add(file, of: setup, settings.newTokens)
        }
        if let file = shown.heldOut {
            try verifyAnswers(in: file, "dataset.eval_path", settings.evaluatedTokens)
            report.add(file, of: setup, settings.evaluatedTokens)
        }
    }

    private func verifyAnswers(
        in file: FileRehearsal, _ key: String, _ newTokens: String
    ) throws(ConfigurationError) {
        guard file.answersTooLong > 0, file.answersTooLong == file.usable else { return }
        throw ConfigurationError(
            .badBatch,
            "\(key): no expected answer of \(file.path) can be generated: the shortest has \(file.shortestAnswer) "
                + "tokens with its end, more than \(newTokens)",
            hint: "raise \(newTokens) to \(file.shortestAnswer) or more")
    }

    func verifyResources(
        _ setup: SetupPlan, _ shown: SetupRehearsal, _ report: inout PlanReport
    ) throws(ConfigurationError) {
        let estimate = try ResourceEstimate(setup) { folder throws(ConfigurationError) in
            try size(ofFolder: folder).parameters
        }
        let memory = estimate.memory + shown.workingBytes
        if machine.memory > 0, memory > machine.memory {
            throw ConfigurationError(
                .resources,
                "the models of setup '\(setup.name)' need about \(gibibytes(memory)) GiB of memory; "
                    + "this machine has \(gibibytes(machine.memory))",
                detail: shown.workingBytes == 0
                    ? ""
                    : "weights, gradients and moments \(gibibytes(estimate.memory)) GiB, activations "
                        + "\(gibibytes(shown.activations)), logits \(gibibytes(shown.logits)), keys and values "
                        + "\(gibibytes(shown.cache)), data \(gibibytes(shown.data)); a container or job may be allowed "
                        + "less than the machine has: cockpit doctor shows both",
                hint: shown.activations > estimate.memory
                    ? "lower \(SettingNames(of: setup).batch), or set \(SettingNames(of: setup).microBatchTokens)"
                    : "take a smaller model, or train an adapter with lora_rank")
        }
        if machine.freeDisk > 0, estimate.disk > machine.freeDisk {
            throw ConfigurationError(
                .resources,
                "the checkpoints of setup '\(setup.name)' need about \(DiskRoom.words(UInt64(estimate.disk))) of disk; "
                    + "\(DiskRoom.words(UInt64(machine.freeDisk))) are free",
                hint: "free space or set COCKPIT_HOME to another disk")
        }
        report.memory = max(report.memory, memory)
        report.disk = max(report.disk, estimate.disk)
    }
}

extension PlanReport {
    fileprivate mutating func add(_ file: FileRehearsal, of setup: SetupPlan, _ newTokens: String) {
        files.append(
            File(
                setup: setup.name, path: file.path, rows: file.usable, longest: file.longest, leftOut: file.leftOut,
                bytes: file.bytes,
                bytesLookedAt: file.isWhole ? file.bytes : min(file.bytes, TrialRehearsal.sampledBytes)))
        let part = file.isWhole ? "" : " of those looked at"
        var found: [String] = []
        if file.leftOut > 0 {
            let rows = file.leftOut == 1 ? "row" : "rows"
            found.append("\(file.path): \(file.leftOut) \(rows)\(part) will be left out: \(file.complaints)")
        }
        if file.answersTooLong > 0 {
            found.append(
                "\(file.path): \(file.answersTooLong) of \(file.usable) expected answers\(part) are longer than "
                    + "\(newTokens) and can never be right")
        }
        notes += found.filter { !notes.contains($0) }
    }
}
