/// The lanes that compute a block: all of the pool, phase by phase, or one by itself.
struct DecodeTeam {
    /// Nil for a lane that has a block of its own.
    let phases: Phases?

    /// Calls `body` with a share of the work for everyone in the team; returns when all shares are done, but see
    /// `Phases.run` for the last phase.
    func phase(isLast: Bool = false, _ body: (DecodeShare) -> Void) {
        guard let phases else {
            body(DecodeShare(index: 0, count: 1))
            return
        }
        phases.run(isLast: isLast) { body(DecodeShare(index: $0, count: phases.lanes)) }
    }
}

/// One part of several about equal ones.
struct DecodeShare {
    let index: Int
    let count: Int

    /// Its part of `items`: the same for the same number, so that a lane's cache keeps what belongs to it.
    func of(_ items: Int) -> Range<Int> {
        index * items / count..<(index + 1) * items / count
    }
}
