/// What an optimizer remembers between updates: zero, one or two arenas, laid out by the model's table.
///
/// A checkpoint saves and restores each under the parameter's name with the arena's own name behind it.
package struct OptimizerState {
    /// One arena of moments.
    package struct Moments {
        /// For example `.first_moment`.
        package let name: String
        package let arena: Arena

        package init(name: String, arena: Arena) {
            self.name = name
            self.arena = arena
        }

        /// The name for a person: `first moment`.
        package var text: String { String(name.map { $0 == "_" ? " " : $0 }.drop { $0 == "." }) }
    }

    package let moments: [Moments]

    package init(moments: [Moments]) {
        self.moments = moments
    }

    /// Zero moments, as before the first update.
    /// - Throws: `.outOfResources`.
    package init(kind: OptimizerKind, count: Int) throws(ComputeError) {
        var moments: [Moments] = []
        for name in kind.stateNames { moments.append(Moments(name: name, arena: try Arena(count: count))) }
        self.moments = moments
    }

    /// The arena of that name, if the optimizer keeps one.
    package subscript(name: String) -> Arena? {
        moments.first { $0.name == name }?.arena
    }

    /// Overwrites all moments with those of a state of the same kind.
    package func copy(from other: OptimizerState) {
        precondition(other.moments.map(\.name) == moments.map(\.name), "Moments are copied between equal kinds.")
        for (target, source) in zip(moments, other.moments) {
            target.arena.base.update(from: source.arena.base, count: target.arena.count)
        }
    }
}
