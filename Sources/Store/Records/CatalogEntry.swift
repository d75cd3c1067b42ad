package import Protocol

/// What a list shows of one trial without opening its run.
package struct CatalogEntry: Sendable, Equatable {
    package var id: TrialID
    /// As stored: an orchestrator that died leaves a status that says it lives.
    package var status: TrialStatus
    package var statusDetail: String
    /// Nanoseconds since 1970; `updatedWall` is the time of the newest record.
    package var startedWall: Int64
    package var updatedWall: Int64
    package var step: Int
    package var totalSteps: Int
    package var orchestrator: ProcessIdentity?
    /// The last value of each series.
    package var last: [String: Double]

    package init(
        id: TrialID, status: TrialStatus, statusDetail: String, startedWall: Int64, updatedWall: Int64, step: Int,
        totalSteps: Int, orchestrator: ProcessIdentity?, last: [String: Double]
    ) {
        self.id = id
        self.status = status
        self.statusDetail = statusDetail
        self.startedWall = startedWall
        self.updatedWall = updatedWall
        self.step = step
        self.totalSteps = totalSteps
        self.orchestrator = orchestrator
        self.last = last
    }
}
