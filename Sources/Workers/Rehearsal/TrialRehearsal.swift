/// What a trial would meet as its workers open it, found without starting any: tokenizer, models, interfaces and the
/// first part of every file are opened as a worker opens them.
package struct TrialRehearsal: Sendable, Equatable {
    /// One for each setup of the plan.
    package var setups: [SetupRehearsal]

    package init(setups: [SetupRehearsal] = []) { self.setups = setups }
}

/// What the opening of one setup shows.
package struct SetupRehearsal: Sendable, Equatable {
    package var rows: FileRehearsal?
    package var heldOut: FileRehearsal?
    /// Bytes that models work in beside weights, gradients and moments.
    package var activations = 0
    package var logits = 0
    package var cache = 0

    package init(rows: FileRehearsal? = nil, heldOut: FileRehearsal? = nil) {
        self.rows = rows
        self.heldOut = heldOut
    }

    /// Bytes of the files' rows, which every worker that serves them holds.
    package var data: Int { (rows?.bytes ?? 0) + (heldOut?.bytes ?? 0) }
    /// All that is beside weights, gradients and moments.
    package var workingBytes: Int { activations + logits + cache + data }
}

/// What the first part of a file of rows shows.
package struct FileRehearsal: Sendable, Equatable {
    package var path: String
    /// Rows that can be used.
    package var usable: Int
    package var leftOut: Int
    /// What is wrong with those left out.
    package var complaints: String
    /// Tokens of the longest usable row.
    package var longest: Int
    /// Whether the whole file was read.
    package var isWhole: Bool
    /// Bytes of the file.
    package var bytes: Int
    /// Expected answers, with their end, that have more tokens than may be generated.
    package var answersTooLong: Int
    /// Tokens of the shortest expected answer with its end; 0 where none is expected.
    package var shortestAnswer: Int

    package init(
        path: String, usable: Int, leftOut: Int = 0, complaints: String = "", longest: Int = 0, isWhole: Bool = true,
        bytes: Int = 0, answersTooLong: Int = 0, shortestAnswer: Int = 0
    ) {
        self.path = path
        self.usable = usable
        self.leftOut = leftOut
        self.complaints = complaints
        self.longest = longest
        self.isWhole = isWhole
        self.bytes = bytes
        self.answersTooLong = answersTooLong
        self.shortestAnswer = shortestAnswer
    }
}

/// What went wrong in a rehearsal, and the setting that is to be changed.
package struct RehearsalFault: Error {
    package let setting: String
    package let underlying: any Error

    package init(setting: String, underlying: any Error) {
        self.setting = setting
        self.underlying = underlying
    }
}
