import Protocol

/// Turns readings of processor time into utilisation between two readings. Pure.
struct UsageMeter {
    private struct Reading {
        var ticks: UInt64
        var time: Int64
        var pid: Int32
    }

    /// Clock ticks of a second.
    let ticksPerSecond: Double
    private var processes: [String: Reading] = [:]
    private var system: SystemUsage?

    init(ticksPerSecond: Double) { self.ticksPerSecond = ticksPerSecond }

    /// Cores a worker's process has used since it was last read; 0 at the first reading of a process.
    mutating func cores(_ worker: String, pid: Int32, usage: ProcessUsage, time: Int64) -> Double {
        defer { processes[worker] = Reading(ticks: usage.ticks, time: time, pid: pid) }
        guard let last = processes[worker], last.pid == pid, time > last.time, usage.ticks >= last.ticks else {
            return 0
        }
        return Double(usage.ticks - last.ticks) / ticksPerSecond / (Double(time - last.time) / 1e9)
    }

    /// The share of all processors in use since the last reading; 0 at the first.
    mutating func load(_ usage: SystemUsage) -> Double {
        defer { system = usage }
        guard let last = system, usage.total > last.total, usage.busy >= last.busy else { return 0 }
        return Double(usage.busy - last.busy) / Double(usage.total - last.total)
    }
}
