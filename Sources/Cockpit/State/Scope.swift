/// Where a key means what it means. Of the scopes in force the most special one wins.
enum Scope: String, CaseIterable, Sendable {
    case global
    case trials
    /// Any screen of one run.
    case run
    case charts
    case timeline
    case workers
    case logs
    case replay
    case form

    /// The heading in help.
    var title: String {
        switch self {
        case .global: "Global"
        case .trials: "Trials"
        case .run: "Trial"
        case .charts: "Charts"
        case .timeline: "Timeline"
        case .workers: "Workers"
        case .logs: "Log"
        case .replay: "Replay"
        case .form: "Launch form"
        }
    }
}
