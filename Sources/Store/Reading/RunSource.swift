package import Protocol

/// A run as screens and commands read it. Whether it is still being written makes no difference here.
///
/// Calls block on SQLite, so they belong on a thread of their own, never on the one that draws. Each is one short
/// read transaction: a reader never keeps the writer's log from being folded back.
package protocol RunSource: Sendable {
    /// A consistent view at the query's playhead.
    func snapshot(_ query: RunQuery) throws(StoreError) -> RunSnapshot
    /// A number that differs whenever something was committed since it was last read: no change, no new snapshot.
    func changeCounter() throws(StoreError) -> Int64
    /// Points of one series after step `after` (-1 for all), each step once (the last attempt that ran it wins), in step
    /// order: about `limit` of them. A series of any length is read page by page, in little memory.
    func points(of key: String, after step: Int, limit: Int) throws(StoreError) -> MetricPage
    /// Log records after `id`, oldest first: what `logs --follow` polls.
    func logs(after id: Int64, limit: Int, level: LogLevel, worker: String?) throws(StoreError) -> [LogRow]
    /// Times at which something happened near `time` in the given direction: single steps of a replay.
    func eventTime(_ direction: ReplayDirection, from time: Int64, stop: ReplayStop) throws(StoreError) -> Int64?
}

package enum ReplayDirection: Sendable {
    case backward
    case forward
}

/// What a replay moves to.
package enum ReplayStop: Sendable {
    /// The next span start, state change or lifecycle event.
    case event
    /// The next completed step.
    case step
}
