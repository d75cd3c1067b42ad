extension AppState {
    /// The scopes in force, the most special first.
    var scopes: [Scope] {
        switch screen {
        case .trials: return [.trials, .global]
        case .launch: return [.form]
        case .dashboard, .timeline:
            guard let run else { return [.run, .global] }
            let pane = Panels.panel(screen == .timeline ? .timeline : run.focus).traits.scope.map { [$0] } ?? []
            return pane + (run.transport.isReplay ? [.replay] : []) + [.run, .global]
        }
    }
}
