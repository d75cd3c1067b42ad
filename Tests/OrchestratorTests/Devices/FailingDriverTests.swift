import Protocol
import TestSupport
import Testing

@testable import Orchestrator

/// Builds fake drivers: one source, of which each library leaves out or breaks something.
private struct DriverShop {
    let folder = TemporaryFolder()

    /// - Parameter flags: which of the switches in `source` are on.
    func library(_ flags: [String]) throws -> String {
        let path = folder.file("lib\(flags.joined(separator: "-")).so")
        let source = folder.write(Self.source, to: "driver.c")
        let compiler = try ChildProcess.spawn(
            ChildProcess.Command(
                path: "/usr/bin/env",
                arguments: ["clang", "-shared", "-fPIC", "-o", path, source] + flags.map { "-D\($0)" },
                detachment: .ownGroup, logPath: folder.file("log")))
        _ = try Poller.wait([compiler.pollItem], timeout: .seconds(120))
        try #require(compiler.exitStatus() == .exited(0), "\(LogTail.lines(of: folder.file("log")))")
        return path
    }

    private static let source = """
        #ifdef INIT_FAILS
        int nvmlInit_v2(void) { return 9; }
        #else
        int nvmlInit_v2(void) { return 0; }
        #endif
        #ifndef NO_COUNT
        int nvmlDeviceGetCount_v2(unsigned *n) { *n = 2;
        #ifdef COUNT_FAILS
          return 1;
        #else
          return 0;
        #endif
        }
        #endif
        #ifndef NO_HANDLE
        int nvmlDeviceGetHandleByIndex_v2(unsigned i, void **d) { *d = (void *)(long)(i + 1); return 0; }
        #endif
        #ifndef HANDLE_ONLY
        int nvmlDeviceGetName(void *d, char *s, unsigned n) {
        #ifdef LONG_NAME
          for (unsigned i = 0; i < n; i++) s[i] = 'x';
          return 0;
        #else
          s[0] = 'j'; s[1] = 'u'; s[2] = 'n'; s[3] = 'k'; return 7;
        #endif
        }
        struct u { unsigned gpu, memory; };
        int nvmlDeviceGetUtilizationRates(void *d, struct u *u) { u->gpu = 50; return 3; }
        struct m { unsigned long long total, free, used; };
        int nvmlDeviceGetMemoryInfo(void *d, struct m *m) { m->total = 8; return 3; }
        int nvmlDeviceGetTemperature(void *d, int s, unsigned *t) { *t = 61; return 3; }
        int nvmlDeviceGetPowerUsage(void *d, unsigned *p) { *p = 1500; return 0; }
        #endif

        """
}

@Suite struct `A graphics driver in trouble` {
    private let shop = DriverShop()

    @Test(arguments: ["INIT_FAILS", "NO_COUNT", "COUNT_FAILS"])
    func `is a machine without GPUs`(flag: String) throws {
        let sampler = GPUSampler(library: try shop.library([flag]))
        #expect(sampler.count == 0)
        #expect(sampler.sample(time: 0).isEmpty)
    }

    @Test func `that hands out no device has nothing to show`() throws {
        let sampler = GPUSampler(library: try shop.library(["NO_HANDLE"]))
        #expect(sampler.count == 2)
        #expect(sampler.sample(time: 0).isEmpty)
    }

    @Test func `that answers nothing about a device still shows that it is there`() throws {
        let records = GPUSampler(library: try shop.library(["HANDLE_ONLY"])).sample(time: 4)
        #expect(records.map(\.device) == ["gpu0", "gpu1"])
        #expect(records.map(\.name) == ["", ""])
        #expect(records.map(\.utilisation) == [0, 0])
        #expect(records.map(\.timeNs) == [4, 4])
    }

    @Test func `that refuses a question is not believed what it wrote all the same`() throws {
        let record = try #require(GPUSampler(library: try shop.library([])).sample(time: 0).first)
        #expect(record.name == "")
        #expect([record.utilisation, record.temperature] == [0, 0])
        #expect([record.memoryUsed, record.memoryTotal] == [0, 0])
        #expect(record.power == 1.5)
    }

    @Test func `that fills the name to the last byte gives a name and no more`() throws {
        let record = try #require(GPUSampler(library: try shop.library(["LONG_NAME"])).sample(time: 0).first)
        #expect(record.name.allSatisfy { $0 == "x" })
        #expect((1..<256).contains(record.name.count))
    }

    @Test(arguments: ["/dev/null", "/", "", "/proc/self/exe/x"])
    func `that is no library is none`(path: String) {
        // The empty name would be the program itself, which has no driver in it.
        #expect(GPUSampler(library: path).count == 0)
    }
}
