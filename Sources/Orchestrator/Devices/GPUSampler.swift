internal import CProcess
import Protocol

/// GPUs through NVML, loaded at run time; a machine without one has an empty list, which is no error.
///
/// Confined to one thread; NVML's calls may take milliseconds.
final class GPUSampler {
    /// The library's name on every driver's machine.
    static let library = "libnvidia-ml.so.1"

    private let nvml: OpaquePointer?
    let count: Int

    init(library: String = GPUSampler.library) {
        nvml = cprocess_nvml_open(library)
        count = nvml.map { Int(cprocess_nvml_count($0)) } ?? 0
    }

    deinit { cprocess_nvml_close(nvml) }

    /// One record for each GPU that answers.
    func sample(time: Int64) -> [WireDeviceRecord] {
        (0..<count).compactMap { index in
            var sample = cprocess_gpu()
            guard let nvml, cprocess_nvml_sample(nvml, UInt32(index), &sample) == 0 else { return nil }
            var record = WireDeviceRecord()
            record.timeNs = time
            record.device = "gpu\(index)"
            record.name = withUnsafeBytes(of: sample.name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            record.utilisation = sample.utilisation
            record.memoryUsed = sample.memory_used
            record.memoryTotal = sample.memory_total
            record.temperature = sample.temperature
            record.power = sample.power
            return record
        }
    }
}
