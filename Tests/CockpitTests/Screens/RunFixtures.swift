import Protocol

@testable import Cockpit
@testable import Store

/// A made-up run of grpo-arith, the same at every call: what screens are drawn from in tests.
enum RunFixtures {
    static let second: Int64 = 1_000_000_000
    /// 2026-11-19 09:00:00 UTC.
    static let started: Int64 = 1_795_078_800 * second

    static func id(_ trial: String, experiment: String = "grpo-arith") throws -> TrialID {
        TrialID(experiment: try ExperimentName(experiment), trial: try TrialName(trial))
    }

    static func header() throws -> RunHeader {
        RunHeader(
            id: try id("first"), startedWall: started, seed: 1, totalSteps: 460,
            settings: [
                "actor.layers": "4", "grpo.lr": "0.0003", "grpo.group_size": "8", "dataset.path": "data/train.jsonl",
            ],
            workers: ["master_worker/0", "model_worker/0", "model_worker/1"],
            lanes: [
                lane("actor_gen", "actor", "generate", 0), lane("rew_inf", "reward", "inference", 1),
                lane("ref_inf", "reference", "inference", 1), lane("actor_train", "actor", "train_step", 0),
            ], phases: [.init(name: "sft", steps: 60), .init(name: "grpo", steps: 400)])
    }

    private static func lane(_ mfc: String, _ role: String, _ type: String, _ worker: Int) -> RunHeader.Lane {
        RunHeader.Lane(mfc: mfc, role: role, interfaceType: type, worker: "model_worker/\(worker)")
    }

    /// The run at a time, in seconds, by default in the middle of GRPO.
    static func snapshot(at seconds: Int64 = 600, end: Int64 = 600, status: TrialStatus = .running) throws
        -> RunSnapshot
    {
        let time = seconds * second
        let step = Int(seconds * 10 / 26)
        var random = Seeded(state: 7)
        return RunSnapshot(
            header: try header(), status: status, statusDetail: "", time: time, endTime: end * second, step: step,
            totalSteps: 460, attempt: 1, spans: spans(until: time), buffer: buffer(step: step, time: time),
            bufferHistory: wave(40, low: 8, high: 120, &random), devices: devices(time: time, &random),
            workers: workers(step: step, time: time), logs: logs(until: time), series: series(step: step, time: time),
            curves: curves(step: step, &random),
            checkpoints: [
                CheckpointRow(time: 260 * second, step: 100, role: "actor", path: "step-100", bytes: 3_400_000)
            ],
            events: [LifecycleRow(time: 0, kind: "started", worker: "", detail: "")], droppedRecords: 0, damage: [],
            pace: StepPace(
                (max(1, step - 20)...max(1, step)).map { StepMark(step: $0, time: Int64($0) * (26 * second / 10)) },
                since: 1))
    }

    // MARK: Parts

    /// Steps of 2.6 s: generate 1.2, judge 0.2 and 0.4 beside each other, train 0.8, sync 0.1.
    static func spans(until time: Int64, steps: Int = 60) -> [SpanRow] {
        let tenth = second / 10
        let last = Int(time / (26 * tenth))
        var spans: [SpanRow] = []
        for step in max(0, last - steps)...max(0, last) {
            let start = Int64(step) * 26 * tenth
            let phases:
                [(mfc: String, role: String, type: String, worker: Int, from: Int64, to: Int64, phase: String)] = [
                    ("actor_gen", "actor", "generate", 0, 0, 12, "main"),
                    ("rew_inf", "reward", "inference", 1, 12, 14, "main"),
                    ("ref_inf", "reference", "inference", 1, 14, 18, "main"),
                    ("actor_train", "actor", "train_step", 0, 17, 18, "pre-data_transfer"),
                    ("actor_train", "actor", "train_step", 0, 18, 26, "main"),
                ]
            for (index, phase) in phases.enumerated() where start + phase.from * tenth < time {
                let end = start + phase.to * tenth
                spans.append(
                    SpanRow(
                        id: Int64(step * 10 + index), attempt: 1, worker: "model_worker/\(phase.worker)",
                        mfc: phase.mfc,
                        phase: phase.phase, interfaceType: phase.type, role: phase.role, step: step + 1,
                        start: start + phase.from * tenth, end: end <= time ? end : nil, sequences: 64, tokens: 1_536,
                        weightVersion: step))
            }
        }
        return spans
    }

    private static func buffer(step: Int, time: Int64) -> BufferRow {
        BufferRow(
            time: time, step: step, event: "get", mfc: "actor_train", count: 64, size: 96, capacity: 128, beingRead: 64,
            ready: ["rew_inf": 0, "ref_inf": 32, "actor_train": 64], staleness: [64])
    }

    private static func devices(time: Int64, _ random: inout Seeded) -> [DeviceRow] {
        var rows = [
            device(
                "cpu", "", "AMD EPYC, 2 cores", 0.74, 9_800_000_000, 25_200_000_000, time,
                wave(60, low: 0.3, high: 0.98, &random))
        ]
        for (index, cores) in [0.03, 1.62, 0.41].enumerated() {
            let worker = index == 0 ? "master_worker/0" : "model_worker/\(index - 1)"
            let memory: [Int64] = [41_000_000, 312_000_000, 187_000_000]
            rows.append(
                device("cpu", worker, "", cores, memory[index], 0, time, wave(60, low: 0, high: cores * 1.2, &random)))
        }
        return rows
    }

    private static func device(
        _ device: String, _ worker: String, _ name: String, _ utilisation: Double, _ used: Int64, _ total: Int64,
        _ time: Int64, _ history: [ReducedColumn]
    ) -> DeviceRow {
        DeviceRow(
            device: device, worker: worker, name: name, time: time, utilisation: utilisation, memoryUsed: used,
            memoryTotal: total, temperature: 0, power: 0, history: history)
    }

    static func gpu(_ index: Int, time: Int64) -> DeviceRow {
        var random = Seeded(state: 3)
        return DeviceRow(
            device: "gpu\(index)", worker: "", name: "H100", time: time, utilisation: 0.86, memoryUsed: 66_700_000_000,
            memoryTotal: 85_900_000_000, temperature: 71, power: 640, history: wave(60, low: 0.2, high: 1, &random))
    }

    private static func workers(step: Int, time: Int64) -> [WorkerRow] {
        [
            worker("master_worker/0", .running, "", step, 4_101, time - second / 5),
            worker("model_worker/0", .running, "actor_train", step, 4_102, time - second / 10),
            worker("model_worker/1", .running, "", step - 1, 4_103, time - second * 3 / 10),
        ]
    }

    static func worker(
        _ id: String, _ state: WorkerState, _ mfc: String, _ step: Int, _ pid: Int32, _ time: Int64,
        detail: String = "",
        restarts: Int = 0
    ) -> WorkerRow {
        WorkerRow(
            id: id, state: state, detail: detail, mfc: mfc, step: step, pid: pid, restarts: restarts,
            weightVersion: id.hasPrefix("model") ? step : 0, time: time)
    }

    private static func logs(until time: Int64) -> [LogRow] {
        let lines: [(worker: String, level: LogLevel, text: String)] = [
            ("master_worker/0", .info, "step 229/460 (grpo): reward 0.713, kl_ref 0.0123, actor_loss -0.0213, 2.6 s"),
            ("master_worker/0", .info, "evaluated after step 220: accuracy 0.684"),
            ("master_worker/0", .info, "saved actor after step 220 (3.3 MiB)"),
            ("model_worker/0", .warning, "row left out: line 17 of data/train.jsonl has no answer"),
            ("orchestrator", .info, "asked: pause by command"),
        ]
        return (0..<40).map { index in
            let line = lines[index % lines.count]
            return LogRow(
                id: Int64(index), time: time - Int64(40 - index) * second / 2, worker: line.worker, level: line.level,
                message: line.text)
        }
    }

    private static func series(step: Int, time: Int64) -> [SeriesRow] {
        let values: [(String, Double)] = [
            ("grpo_actor/reward", 0.713), ("grpo_actor/kl_ref", 0.0123), ("generated_tokens_per_second", 2_140),
            ("eval/accuracy", 0.684), ("grpo_actor/actor_loss", -0.0213),
            ("grpo_actor/approx_kl", 0.0041), ("grpo_actor/entropy", 0.61), ("grpo_actor/grad_norm", 0.83),
            ("sft/loss", 0.42), ("tokens_per_second", 590), ("timeperf/e2e", 2.6), ("buffer/size", 96),
        ]
        return values.map { SeriesRow(key: $0.0, count: step, lastStep: step, lastTime: time, last: $0.1) }
    }

    private static func curves(step: Int, _ random: inout Seeded) -> [String: Curve] {
        var curves: [String: Curve] = [:]
        let shapes: [(String, Double, Double, Double)] = [
            ("grpo_actor/reward", 0.12, 0.72, 0.06), ("eval/accuracy", 0.2, 0.7, 0.02), ("sft/loss", 3.1, 0.42, 0.05),
            ("grpo_actor/actor_loss", 0.08, -0.02, 0.02), ("grpo_actor/kl_ref", 0, 0.012, 0.002),
            ("generated_tokens_per_second", 1_200, 2_140, 90), ("grpo_actor/approx_kl", 0, 0.004, 0.001),
            ("grpo_actor/entropy", 1.9, 0.6, 0.05), ("grpo_actor/grad_norm", 1.4, 0.8, 0.2),
            ("tokens_per_second", 300, 590, 40),
        ]
        for (key, from, to, noise) in shapes {
            let count = 120
            let columns = (0..<count).map { index -> ReducedColumn in
                let share = Double(index) / Double(count - 1)
                let eased = 1 - (1 - share) * (1 - share)
                let value = from + (to - from) * eased + noise * (random.unit() - 0.5)
                return ReducedColumn(
                    count: 2, low: value - noise * random.unit(), high: value + noise * random.unit(), mean: value,
                    last: value)
            }
            curves[key] = Curve(firstStep: 1, lastStep: max(2, step), columns: columns)
        }
        return curves
    }

    private static func wave(_ count: Int, low: Double, high: Double, _ random: inout Seeded) -> [ReducedColumn] {
        (0..<count).map { index in
            // A saw tooth with some noise needs no libm.
            let phase = Double(index % 12) / 11
            let value = low + (high - low) * min(1, 0.8 * phase + 0.2 * random.unit())
            return ReducedColumn(count: 1, low: value, high: value, mean: value, last: value)
        }
    }
}

/// A small generator with a fixed seed, the same on every machine.
struct Seeded: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// 0 to 1.
    mutating func unit() -> Double { Double(next() >> 11) / Double(UInt64(1) << 53) }
}
