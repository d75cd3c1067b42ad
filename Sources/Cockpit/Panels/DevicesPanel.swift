import Protocol
import Store

/// How busy the devices are, and how much of them each worker takes.
struct DevicesPanel: Panel {
    let traits = PanelTraits(id: .devices, placement: .middle, minimum: Size(width: 24, height: 1))

    func title(_ context: PanelContext) -> String { "Devices" }

    func trailing(_ context: PanelContext) -> String {
        context.snapshot.cuts.samplesBefore.map { "samples since \(context.clock(at: $0)) only" } ?? ""
    }
    func render(in surface: inout Surface, area: Rect, context: PanelContext) {
        let area = area.inset(horizontal: 1, vertical: 0)
        let devices = DeviceSummary(context.snapshot)
        var rows = devices.gpus.map(Row.device)
        if let host = devices.host { rows += [.device(host), .memory(host)] }
        // That there is none gives way to workers.
        if devices.gpus.isEmpty, rows.count + devices.workers.count < area.height || rows.isEmpty {
            rows.insert(.noGPU, at: 0)
        }
        let histories = rows.filter { if case .device(let row) = $0 { !row.history.isEmpty } else { false } }.count
        let room = max(0, area.height - rows.count)
        let isCut = devices.workers.count > room && room > 0
        // Where some have no row, those that work most do.
        let workers =
            isCut
            ? Array(devices.workers.sorted { $0.utilisation > $1.utilisation }.prefix(room - 1))
            : Array(devices.workers.prefix(room))
        // Sparklines take what rows and workers leave, one line each at least or none at all; those of the workers then
        // become taller.
        let spare = isCut ? 0 : area.height - rows.count - workers.count
        let tall = histories > 0 && spare >= histories ? min(12, spare / histories) : 0
        let extra = workers.isEmpty ? 0 : min(5, max(0, spare - tall * histories) / workers.count)
        var y = area.y
        for row in rows where y < area.maxY {
            draw(row, in: &surface, area: Rect(x: area.x, y: y, width: area.width, height: 1))
            y += 1
            guard tall > 0, case .device(let device) = row, !device.history.isEmpty else { continue }
            let place = Rect(x: area.x + 5, y: y, width: area.width - 5, height: tall)
            let values = Sparkline.stretched(context.samples(of: device), to: place.width)
            Sparkline(values: values, range: 0...1, role: .series3).render(in: &surface, area: place)
            surface.ends("0%", "100%", rightOf: place.x - 1, area: place)
            y += tall
        }
        for worker in workers where y < area.maxY {
            draw(
                worker, values: context.samples(of: worker), in: &surface,
                area: Rect(x: area.x, y: y, width: area.width, height: 1 + extra))
            y += 1 + extra
        }
        if isCut, y < area.maxY {
            let more = TextLine("  + \(devices.workers.count - workers.count) that take less", .dim)
            surface.write(more, x: area.x, y: y, maxWidth: area.width)
        }
    }

    func meter(in surface: inout Surface, x: Int, y: Int, context: PanelContext) -> Int {
        let devices = DeviceSummary(context.snapshot)
        let x = devices.gpus.prefix(2).reduce(x) { x, gpu in
            surface.meter(gpu.label, gpu.utilisation, Format.percent(gpu.utilisation), x: x, y: y)
        }
        var line = devices.gpus.isEmpty ? TextLine("no GPU  ", .dim) : TextLine()
        if let host = devices.host {
            let memory = host.memoryTotal > 0 ? Double(host.memoryUsed) / Double(host.memoryTotal) : 0
            line = line.appending("CPU ", .dim).appending(Format.percent(host.utilisation))
                .appending("  RAM ", .dim).appending(Format.percent(memory))
        }
        return x + surface.write(line, x: x, y: y) + 2
    }

    private enum Row {
        case device(DeviceRow)
        case memory(DeviceRow)
        case noGPU
    }

    private func draw(_ row: Row, in surface: inout Surface, area: Rect) {
        switch row {
        case .noGPU: surface.write(TextLine("GPU  ").appending("no GPU found", .dim), x: area.x, y: area.y)
        case .device(let device):
            meter(device.label, device.utilisation, facts(of: device), in: &surface, area: area)
        case .memory(let device):
            let share = device.memoryTotal > 0 ? Double(device.memoryUsed) / Double(device.memoryTotal) : 0
            meter(
                "RAM", share, "\(Format.bytes(device.memoryUsed)) of \(Format.bytes(device.memoryTotal))",
                in: &surface, area: area)
        }
    }

    private func meter(_ label: String, _ share: Double, _ facts: String, in surface: inout Surface, area: Rect) {
        surface.write(label, x: area.x, y: area.y, role: .foreground, maxWidth: 5)
        let width = min(24, max(8, area.width - 10 - 24))
        Gauge(share: share).render(in: &surface, area: Rect(x: area.x + 5, y: area.y, width: width, height: 1))
        let line = TextLine(Format.percent(share).padded(to: 4, alignment: .trailing)).appending("  \(facts)", .dim)
        surface.write(line, x: area.x + 6 + width, y: area.y, maxWidth: area.width - 6 - width)
    }

    private func facts(of device: DeviceRow) -> String {
        guard device.isGPU else { return device.name }
        var facts = ["\(Format.bytes(device.memoryUsed))/\(Format.bytes(device.memoryTotal))"]
        if device.temperature > 0 { facts.append("\(ShortNumber.fixed(device.temperature, decimals: 0))°C") }
        if device.power > 0 { facts.append("\(ShortNumber.fixed(device.power, decimals: 0))W") }
        return facts.joined(separator: "  ")
    }

    private func draw(_ worker: DeviceRow, values: [Double], in surface: inout Surface, area: Rect) {
        let line = TextLine("  " + WorkerName.short(worker.worker).padded(to: 12), .dim)
            .appending(
                "\(ShortNumber.fixed(worker.utilisation, decimals: 2)) cores ".padded(to: 12, alignment: .trailing)
            )
            .appending(Format.bytes(worker.memoryUsed).padded(to: 6, alignment: .trailing))
        let used = surface.write(line, x: area.x, y: area.y, maxWidth: area.width)
        // The curve stands on 0; how high it goes stands before it, where that leaves enough of it.
        let peak = values.filter(\.isFinite).max() ?? 0
        let hasAxis = peak > 0 && area.width - used - 2 - Self.axisWidth >= Self.shortestCurve
        let start = used + 2 + (hasAxis ? Self.axisWidth : 0)
        let place = Rect(x: area.x + start, y: area.y, width: area.width - start, height: area.height)
        Sparkline(
            values: Sparkline.stretched(values, to: place.width), range: 0...max(peak, .leastNormalMagnitude),
            role: .series4
        ).render(in: &surface, area: place)
        guard hasAxis else { return }
        let top = "\(ShortNumber.fixed(peak, decimals: 2)) cores"
        surface.ends("0", area.height > 1 ? top : "0–\(top)", rightOf: place.x - 1, area: place)
    }

    /// Cells for `0–12.34 cores` and a blank.
    private static let axisWidth = 14
    /// Cells of a worker's curve below which its axis is left out.
    private static let shortestCurve = 24
}

extension Surface {
    /// The values at the foot and at the top of an area, ending before its left edge; the top's alone in one row.
    fileprivate mutating func ends(_ low: String, _ high: String, rightOf x: Int, area: Rect) {
        if area.height > 1 { write(low, x: x - low.cellWidth, y: area.maxY - 1, role: .dim) }
        write(high, x: x - high.cellWidth, y: area.y, role: .dim)
    }
}

/// The device samples of a snapshot by what they measure.
struct DeviceSummary {
    let gpus: [DeviceRow]
    /// Processor and memory of the host.
    let host: DeviceRow?
    /// One entry per worker process.
    let workers: [DeviceRow]

    init(_ snapshot: RunSnapshot) {
        let whole = snapshot.devices.filter(\.worker.isEmpty)
        gpus = whole.filter(\.isGPU).sorted { $0.device < $1.device }
        host = whole.first { !$0.isGPU }
        workers = snapshot.devices.filter { !$0.worker.isEmpty && !$0.isGPU }.sorted { $0.worker < $1.worker }
    }
}

extension DeviceRow {
    var isGPU: Bool { device.hasPrefix("gpu") }
    var label: String { device.uppercased() }
}

extension PaneID {
    static let devices = PaneID("devices")
}
