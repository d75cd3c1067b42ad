import Glibc
package import Protocol
import Store
import Synchronization

/// Samples the workers' processes, the machine and its GPUs once a second, on a thread of its own: a driver that hangs
/// delays nothing else.
package final class DeviceSampler: Sendable {
    /// Which processes to look at.
    private let pids = Mutex<[WorkerID: Int32]>([:])
    private let isStopped = Mutex(false)
    private let wakeUp: WakeUp

    package init() throws(TransportError) { wakeUp = try WakeUp() }

    /// A worker has a new process, or none any more.
    package func set(_ worker: WorkerID, pid: Int32?) { pids.withLock { $0[worker] = pid } }

    /// Ends the thread within its current sample.
    package func stop() {
        isStopped.withLock { $0 = true }
        wakeUp.signal()
    }

    /// Starts sampling into `queue` until `stop`.
    package func start(
        queue: IngestQueue, clock: RunClock, interval: Duration = .seconds(1), gpuLibrary: String? = nil
    ) throws(TransportError) -> OwnThread {
        try OwnThread(name: "devices") { [self] in
            sampleUntilStopped(
                queue: queue, clock: clock, interval: interval,
                gpus: GPUSampler(library: gpuLibrary ?? GPUSampler.library))
        }
    }

    private func sampleUntilStopped(queue: IngestQueue, clock: RunClock, interval: Duration, gpus: GPUSampler) {
        var desk = DeviceDesk(gpus: gpus)
        while !isStopped.withLock({ $0 }) {
            let devices = desk.sample(pids.withLock { $0 }, time: clock.now())
            queue.put(.records(LocalRecords(devices: devices)))
            // The interval is the point here: this is a sampler. A wake-up ends it early.
            _ = try? Poller.wait([wakeUp.pollItem], timeout: interval)
        }
    }
}

/// What one sample consists of.
struct DeviceDesk {
    let gpus: GPUSampler
    private var meter = UsageMeter(ticksPerSecond: Double(sysconf(Int32(_SC_CLK_TCK))))

    init(gpus: GPUSampler) { self.gpus = gpus }

    mutating func sample(_ pids: [WorkerID: Int32], time: Int64) -> [WireDeviceRecord] {
        var records = gpus.sample(time: time)
        let memory = ProcFile.read("/proc/meminfo").flatMap { SystemUsage.memory(meminfo: $0) }
        if let usage = SystemUsage.now() {
            var record = WireDeviceRecord()
            record.timeNs = time
            record.device = "cpu"
            record.name = "\(sysconf(Int32(_SC_NPROCESSORS_ONLN))) cores"
            record.utilisation = meter.load(usage)
            // In some containers more is available than there is.
            record.memoryUsed = UInt64(memory.map { max(0, $0.total - $0.available) } ?? 0)
            record.memoryTotal = UInt64(max(0, memory?.total ?? 0))
            records.append(record)
        }
        for (worker, pid) in pids.sorted(by: { $0.key < $1.key }) {
            guard let usage = ProcessUsage.of(pid) else { continue }
            var record = WireDeviceRecord()
            record.timeNs = time
            record.device = "cpu"
            record.worker = worker.description
            record.utilisation = meter.cores(worker.description, pid: pid, usage: usage, time: time)
            record.memoryUsed = UInt64(usage.resident)
            record.memoryTotal = UInt64(memory?.total ?? 0)
            records.append(record)
        }
        return records
    }
}
