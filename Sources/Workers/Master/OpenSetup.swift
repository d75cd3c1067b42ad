import Protocol

/// A setup that is open: its graph, where its models and data are, and which of its steps comes next.
struct OpenSetup: Sendable {
    let index: Int
    let plan: SetupPlan
    let graph: DataflowGraph
    let placement: Placement
    var schedule: StepSchedule
    var buffer: SequenceBuffer
    var tracker = StorageTracker()

    /// - Parameter done: the trial-wide step to go on after.
    /// - Throws: for calls that cannot be run, before any of them is.
    init(_ index: Int, of trial: TrialPlan, done: Int) throws {
        let plan = trial.setups[index]
        graph = try DataflowGraph(plan.calls)
        placement = Placement(plan)
        try FunctionExecutor.check(graph)
        for call in graph.calls + (plan.evaluation.map { [$0.call] } ?? []) {
            try Interfaces.check(call)
            _ = try placement.head(of: call.model)
        }
        schedule = StepSchedule(plan, before: trial.stepsBefore(setup: index), done: done)
        buffer = SequenceBuffer(graph: graph, capacity: Self.capacity(for: graph))
        self.index = index
        self.plan = plan
    }

    /// A fetch brings some batches at once; two of them fit, so that a fetch never meets a full buffer.
    static func capacity(for graph: DataflowGraph) -> Int {
        2 * DatasetFetch.batches * graph.largestBatch
    }

    /// The data lies where the first call of the graph reads it.
    func dataWorker() throws -> Int {
        guard let source = graph.sources.first else { throw WorkerError(.plan, "the dataflow graph has no source") }
        return try placement.head(of: source.model).worker
    }

    /// Calls that change weights.
    var training: [ModelFunctionCall] { plan.calls.filter { $0.interfaceType == .trainStep } }
}

/// What the step that runs now has gathered.
struct StepRun: Sendable {
    let number: Int
    let flags: StepFlags
    let start: Int64
    var executor: FunctionExecutor
    var metrics: [Metric] = []
    var tokens = 0
    var freed: [SequenceID] = []
}
