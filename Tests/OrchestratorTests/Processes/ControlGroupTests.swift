import Testing

@testable import Orchestrator

@Suite struct `The limits of control groups` {
    private func group(_ files: [String: String]) -> ControlGroup { ControlGroup { files[$0] } }

    private static let two = "30 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup rw\n"
    private static let one = """
        32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,relatime - cgroup cgroup rw,cpu,cpuacct
        35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory

        """

    @Test func `of version 2 are the least on the way up`() {
        let group = group([
            "/proc/self/cgroup": "0::/user.slice/job\n", "/proc/self/mountinfo": Self.two,
            "/sys/fs/cgroup/user.slice/job/cpu.max": "max 100000\n",
            "/sys/fs/cgroup/user.slice/cpu.max": "250000 100000\n",
            "/sys/fs/cgroup/user.slice/job/memory.max": "8589934592\n",
            "/sys/fs/cgroup/user.slice/memory.max": "4294967296\n",
        ])
        #expect(group == ControlGroup(processors: 2.5, memory: 4 << 30))
    }

    @Test func `of a container of version 2 lie at the mount itself`() {
        let group = group([
            "/proc/self/cgroup": "0::/\n", "/proc/self/mountinfo": Self.two,
            "/sys/fs/cgroup/cpu.max": "50000 100000\n", "/sys/fs/cgroup/memory.max": "max\n",
        ])
        #expect(group == ControlGroup(processors: 0.5))
    }

    @Test func `of version 1 are those of each controller's own hierarchy`() {
        let group = group([
            "/proc/self/cgroup": "4:memory:/a/b\n2:cpu,cpuacct:/a\n", "/proc/self/mountinfo": Self.one,
            "/sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_quota_us": "150000\n",
            "/sys/fs/cgroup/cpu,cpuacct/a/cpu.cfs_period_us": "100000\n",
            "/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us": "-1\n",
            "/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us": "100000\n",
            "/sys/fs/cgroup/memory/a/b/memory.limit_in_bytes": "9223372036854771712\n",
            "/sys/fs/cgroup/memory/a/memory.limit_in_bytes": "1073741824\n",
        ])
        #expect(group == ControlGroup(processors: 1.5, memory: 1 << 30))
    }

    @Test func `are found where a container sees its group by the host's name`() {
        let group = group([
            "/proc/self/cgroup": "4:memory:/docker/abc\n",
            "/proc/self/mountinfo": "35 31 0:32 /docker/abc /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n",
            "/sys/fs/cgroup/memory/memory.limit_in_bytes": "536870912\n",
        ])
        #expect(group == ControlGroup(memory: 512 << 20))
    }

    @Test(arguments: ["", "nonsense", "0::/x\n"]) func `are none where nothing can be read`(text: String) {
        #expect(group(["/proc/self/cgroup": text]) == ControlGroup())
    }

    @Test(
        arguments: [(nil, 8, 8), (2.0, 8, 2), (2.9, 8, 2), (0.5, 8, 1), (16.0, 8, 8), (nil, 0, 1)]
            as [(Double?, Int, Int)])
    func `give whole threads, rounded down, and at least one`(processors: Double?, cores: Int, threads: Int) {
        #expect(ControlGroup(processors: processors).threads(of: cores) == threads)
    }

    @Test func `take the place of the machine's memory where they are less`() {
        #expect(ControlGroup(memory: 4).memory(of: 8) == 4)
        #expect(ControlGroup(memory: 8).memory(of: 4) == 4)
        #expect(ControlGroup(memory: 8).memory(of: 0) == 8)
        #expect(ControlGroup().memory(of: 4) == 4)
    }
}
