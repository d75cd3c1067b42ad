import Protocol
import TestSupport
import Testing

@testable import Orchestrator

/// A line of /proc/PID/stat with a command's name in it.
private func line(_ name: String, user: String = "250", system: String = "50", pages: String = "25") -> String {
    "42 (\(name)) S 1 42 42 0 -1 4194560 100 0 0 0 \(user) \(system) 0 0 20 0 3 0 777 9000000 \(pages) 1844674407\n"
}

@Suite struct `The text of /proc` {
    @Test(arguments: [
        "sh", "", " ", "a b", "(", ")", ") S 1 2 3", "))))", "a) R 1", "\n", "ünï→長", "\u{fffd}", "x\u{301}", "()()",
        "123 (y) R 0 0 0 0 0 0 0 0 0 0 9 9",
    ])
    func `gives a process's usage whatever it is called`(name: String) throws {
        let usage = try #require(ProcessUsage(stat: line(name), pageSize: 4096))
        #expect(usage.ticks == 300)
        #expect(usage.resident == 102_400)
    }

    @Test func `cut off anywhere gives the usage or nothing`() {
        let whole = line("a (b) c")
        for length in 0..<whole.count {
            let usage = ProcessUsage(stat: String(whole.prefix(length)), pageSize: 4096)
            // The memory's own digits may be cut; the time before them may not.
            if let usage { #expect(usage.ticks == 300) }
        }
    }

    @Test(arguments: [
        ("x", "50", "25"), ("250", "-1", "25"), ("250", "50", "-25"), ("250", "50", "1.5"),
        ("18446744073709551615", "1", "25"), ("18446744073709551616", "0", "25"), ("1", "1", "9223372036854775807"),
    ])
    func `with numbers that are none, or beyond all bounds, gives nothing`(user: String, system: String, pages: String)
    {
        #expect(ProcessUsage(stat: line("sh", user: user, system: system, pages: pages), pageSize: 4096) == nil)
    }

    @Test func `of any kind is read without a trap`() {
        for seed in UInt64(1)...200 {
            var random = SplitMix(seed: seed)
            let words = ["cpu ", "cpu", " ", "(", ")", "\n", "1", "-1", "18446744073709551615", "MemTotal:", "kB", "ü"]
            let text = (0..<60).map { _ in words.randomElement(using: &random) ?? "" }.joined(separator: " ")
            _ = ProcessUsage(stat: text, pageSize: 4096)
            _ = SystemUsage.memory(meminfo: text)
            if let usage = SystemUsage(stat: text) { #expect(usage.busy <= usage.total) }
        }
    }

    @Test(
        arguments: [
            // Kernels of every age: user nice system idle iowait irq softirq steal guest guest_nice.
            ("cpu  10 20 30 40 50\n", 60, 150), ("cpu  10 20 30 40 50 5 6 7\n", 78, 168),
            ("cpu  10 20 30 40 50 5 6 7 1000 1000\n", 78, 168), ("cpu  0 0 0 0 0", 0, 0),
        ] as [(String, UInt64, UInt64)])
    func `of the machine leaves out what is idle and what is counted twice`(text: String, busy: UInt64, total: UInt64)
        throws
    {
        let usage = try #require(SystemUsage(stat: text))
        #expect(usage.busy == busy)
        #expect(usage.total == total)
    }

    @Test(arguments: [
        "", "\n", "cpu0 1 2 3 4 5\n", "cpu 1 2 3 4\n", "intr 1 2 3 4 5\n", "cpu a b c d e\n",
        "cpu 18446744073709551615 1 0 0 0\n",
    ])
    func `of another machine is not guessed at`(text: String) {
        #expect(SystemUsage(stat: text) == nil)
    }

    @Test(arguments: [
        "", "MemTotal: 5 kB\n", "MemAvailable: 5 kB\n", "MemTotal:\nMemAvailable:\n",
        "XMemTotal: 5 kB\nMemAvailable: 1 kB\n",
        "MemTotal: lots kB\nMemAvailable: 1 kB\n",
    ])
    func `without the memory's size or what is free of it gives none`(text: String) {
        #expect(SystemUsage.memory(meminfo: text) == nil)
    }

    @Test func `of memory may come in any order and spacing`() throws {
        let text = "Cached: 7 kB\nMemAvailableX: 9 kB\nMemAvailable:      3 kB\nMemTotal: 8 kB\nMemTotal: 1 kB\n"
        let memory = try #require(SystemUsage.memory(meminfo: text))
        #expect(memory.total == 8192)
        #expect(memory.available == 3072)
    }

    @Test func `that is not there is nothing`() {
        #expect(ProcFile.read("/proc/nothing") == nil)
        #expect(ProcFile.read("/proc") == nil)
    }
}

@Suite struct `The meter` {
    private func usage(_ ticks: UInt64) throws -> ProcessUsage {
        try #require(ProcessUsage(stat: line("x", user: "\(ticks)", system: "0"), pageSize: 1))
    }

    @Test func `adds up to what was used, however often it is read`() throws {
        for seed in UInt64(1)...50 {
            var random = SplitMix(seed: seed)
            var meter = UsageMeter(ticksPerSecond: 100)
            var ticks: UInt64 = 0, time: Int64 = 0, coreSeconds = 0.0
            _ = meter.cores("w", pid: 1, usage: try usage(0), time: 0)
            for _ in 0..<30 {
                let span = Int64.random(in: 1...3_000_000_000, using: &random)
                ticks += UInt64.random(in: 0...500, using: &random)
                time += span
                let cores = meter.cores("w", pid: 1, usage: try usage(ticks), time: time)
                #expect(cores >= 0)
                coreSeconds += cores * Double(span) / 1e9
            }
            #expect(abs(coreSeconds - Double(ticks) / 100) < 1e-6, "seed \(seed)")
        }
    }

    @Test(
        arguments: [
            // Time that stands still, time that goes back, a counter that goes back.
            (1_000_000_000, 1_000_000_000, 50, 60), (1_000_000_000, 5, 50, 60), (0, 1_000_000_000, 50, 40),
        ] as [(Int64, Int64, UInt64, UInt64)])
    func `says nothing of readings that make no sense`(first: Int64, next: Int64, before: UInt64, after: UInt64) throws
    {
        var meter = UsageMeter(ticksPerSecond: 100)
        _ = meter.cores("w", pid: 1, usage: try usage(before), time: first)
        #expect(meter.cores("w", pid: 1, usage: try usage(after), time: next) == 0)
    }

    @Test func `keeps workers apart`() throws {
        var meter = UsageMeter(ticksPerSecond: 100)
        for (name, ticks) in [("a", 0), ("b", 1000)] as [(String, UInt64)] {
            _ = meter.cores(name, pid: 1, usage: try usage(ticks), time: 0)
        }
        #expect(meter.cores("a", pid: 1, usage: try usage(100), time: 1_000_000_000) == 1)
        #expect(meter.cores("b", pid: 1, usage: try usage(1200), time: 1_000_000_000) == 2)
    }

    @Test func `of the machine stays between none and all`() throws {
        var random = SplitMix(seed: 9)
        var meter = UsageMeter(ticksPerSecond: 100)
        for _ in 0..<300 {
            let numbers = (0..<8).map { _ in "\(UInt64.random(in: 0...10_000, using: &random))" }
            let load = meter.load(try #require(SystemUsage(stat: "cpu " + numbers.joined(separator: " "))))
            #expect(load >= 0)
        }
        let idle = try #require(SystemUsage(stat: "cpu 0 0 0 1000000 0"))
        let idler = try #require(SystemUsage(stat: "cpu 0 0 0 2000000 0"))
        let busy = try #require(SystemUsage(stat: "cpu 500 0 0 2000000 0"))
        _ = meter.load(idle)
        #expect(meter.load(idler) == 0)
        #expect(meter.load(busy) == 1)
    }
}
