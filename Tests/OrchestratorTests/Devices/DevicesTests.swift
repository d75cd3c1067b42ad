import Glibc
import Protocol
import TestSupport
import Testing

@testable import Orchestrator

@Suite struct `Usage of processor and memory` {
    @Test func `is read from a process's line even when its name holds parentheses and spaces`() throws {
        let line =
            "42 (a) b (c) S 1 42 42 0 -1 4194560 100 0 0 0 250 50 0 0 20 0 3 0 777 9000000 25 18446744073709551615"
        let usage = try #require(ProcessUsage(stat: line, pageSize: 4096))
        #expect(usage.ticks == 300)
        #expect(usage.resident == 102_400)
    }

    @Test func `of a line that is cut off is unknown`() {
        #expect(ProcessUsage(stat: "42 (a) S 1 2", pageSize: 4096) == nil)
    }

    @Test func `of the machine counts waiting for disks as idle`() throws {
        let usage = try #require(SystemUsage(stat: "cpu  100 0 50 800 50 0 0 0 0 0\ncpu0 1 2 3\n"))
        #expect(usage.busy == 150)
        #expect(usage.total == 1000)
    }

    @Test func `of memory comes in bytes`() throws {
        let memory = try #require(
            SystemUsage.memory(meminfo: "MemTotal:  2048 kB\nMemFree: 1 kB\nMemAvailable: 512 kB\n"))
        #expect(memory.total == 2_097_152)
        #expect(memory.available == 524_288)
    }

    @Test func `is zero at first and then the cores in use between two readings`() throws {
        var meter = UsageMeter(ticksPerSecond: 100)
        func usage(_ ticks: Int) throws -> ProcessUsage {
            try #require(ProcessUsage(stat: "1 (x) S 0 0 0 0 0 0 0 0 0 0 \(ticks) 0 0 0 0 0 0 0 0 0 1", pageSize: 1))
        }
        #expect(meter.cores("model_worker/0", pid: 7, usage: try usage(1000), time: 0) == 0)
        #expect(meter.cores("model_worker/0", pid: 7, usage: try usage(1300), time: 2_000_000_000) == 1.5)
        // Another process took its place.
        #expect(meter.cores("model_worker/0", pid: 8, usage: try usage(10), time: 3_000_000_000) == 0)
    }

    @Test func `of the machine is a share of all its processors`() throws {
        var meter = UsageMeter(ticksPerSecond: 100)
        let before = try #require(SystemUsage(stat: "cpu 0 0 0 100 0\n"))
        let after = try #require(SystemUsage(stat: "cpu 30 0 0 170 0\n"))
        #expect(meter.load(before) == 0)
        #expect(meter.load(after) == 0.3)
    }

    @Test func `of this process can be read`() throws {
        #expect(try #require(ProcessUsage.of(getpid())).resident > 0)
        #expect(ProcessUsage.of(-1) == nil)
    }
}

@Suite struct `GPUs` {
    @Test func `are none where the library is missing`() {
        let sampler = GPUSampler(library: "/nowhere/libnvidia-ml.so")
        #expect(sampler.count == 0)
        #expect(sampler.sample(time: 0).isEmpty)
    }

    @Test func `are none where the library has no NVML in it`() {
        #expect(GPUSampler(library: "libm.so.6").count == 0)
    }

    @Test func `are sampled through the library, each as far as it answers`() throws {
        let folder = TemporaryFolder()
        let library = folder.file("libfake.so")
        let source = folder.write(fakeLibrary, to: "fake.c")
        let compiler = try ChildProcess.spawn(
            ChildProcess.Command(
                path: "/usr/bin/env", arguments: ["clang", "-shared", "-fPIC", "-o", library, source],
                detachment: .ownGroup, logPath: folder.file("log")))
        _ = try Poller.wait([compiler.pollItem], timeout: .seconds(120))
        try #require(compiler.exitStatus() == .exited(0), "\(LogTail.lines(of: folder.file("log")))")
        let sampler = GPUSampler(library: library)
        let records = sampler.sample(time: 5)
        // The third GPU has fallen off the bus.
        #expect(sampler.count == 3)
        #expect(records.map(\.device) == ["gpu0", "gpu1"])
        #expect(records.map(\.name) == ["Fake 9000", "Fake 9000"])
        #expect(records.map(\.utilisation) == [0.75, 0.76])
        #expect(records.map(\.memoryUsed) == [3 << 30, 3 << 30])
        #expect(records.map(\.memoryTotal) == [8 << 30, 8 << 30])
        #expect(records.map(\.temperature) == [61, 61])
        // Power is refused by it.
        #expect(records.map(\.power) == [0, 0])
    }
}

@Suite struct `The device sampler` {
    @Test func `records the machine and each worker's process`() throws {
        var desk = DeviceDesk(gpus: GPUSampler(library: "/nowhere"))
        let records = desk.sample([WorkerID(.model, 0): getpid(), .master: -1], time: 3)
        #expect(records.map(\.worker) == ["", "model_worker/0"])
        #expect(records.allSatisfy { $0.device == "cpu" && $0.memoryTotal > 0 && $0.timeNs == 3 })
    }

    @Test func `samples until it is stopped`() throws {
        let queue = try IngestQueue()
        let sampler = try DeviceSampler()
        let thread = try sampler.start(
            queue: queue, clock: .startingNow(), interval: .seconds(60), gpuLibrary: "/nowhere")
        _ = try Poller.wait([queue.wakeUp.pollItem], timeout: .seconds(120))
        sampler.stop()
        thread.join()
        #expect(queue.take().entries.count == 1)
    }
}

private let fakeLibrary = """
    int nvmlInit_v2(void) { return 0; }
    int nvmlShutdown(void) { return 0; }
    int nvmlDeviceGetCount_v2(unsigned *n) { *n = 3; return 0; }
    int nvmlDeviceGetHandleByIndex_v2(unsigned i, void **d) { *d = (void *)(long)(i + 1); return i == 2 ? 15 : 0; }
    int nvmlDeviceGetName(void *d, char *s, unsigned n) { __builtin_strcpy(s, "Fake 9000"); return 0; }
    struct u { unsigned gpu, memory; };
    int nvmlDeviceGetUtilizationRates(void *d, struct u *u) { u->gpu = 74 + (unsigned)(long)d; return 0; }
    struct m { unsigned long long total, free, used; };
    int nvmlDeviceGetMemoryInfo(void *d, struct m *m) { m->total = 8ULL << 30; m->free = 5ULL << 30; m->used = 3ULL << 30; return 0; }
    int nvmlDeviceGetTemperature(void *d, int s, unsigned *t) { *t = 61; return 0; }
    int nvmlDeviceGetPowerUsage(void *d, unsigned *p) { *p = 999; return 3; }

    """
