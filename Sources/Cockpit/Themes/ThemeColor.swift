/// A colour of 8 bits a channel.
struct RGB: Hashable, Sendable {
    var red: UInt8
    var green: UInt8
    var blue: UInt8

    /// Reads `#rrggbb`.
    init?(hex: some StringProtocol) {
        guard hex.utf8.count == 7, hex.first == "#", hex.dropFirst().allSatisfy(\.isHexDigit),
            let value = UInt32(hex.dropFirst(), radix: 16)
        else { return nil }
        self.init(value)
    }

    /// The lowest 24 bits as red, green and blue.
    init(_ value: UInt32) {
        red = UInt8(truncatingIfNeeded: value >> 16)
        green = UInt8(truncatingIfNeeded: value >> 8)
        blue = UInt8(truncatingIfNeeded: value)
    }

    var value: UInt32 { UInt32(red) << 16 | UInt32(green) << 8 | UInt32(blue) }

    /// `#rrggbb`.
    var hex: String {
        let digits = String(value, radix: 16)
        return "#" + String(repeating: "0", count: 6 - digits.count) + digits
    }

    /// The colour `share` of the way to another one.
    func mixed(with other: RGB, share: Double) -> RGB {
        func mix(_ from: UInt8, _ to: UInt8) -> UInt32 {
            UInt32((Double(from) + (Double(to) - Double(from)) * share).rounded())
        }
        return RGB(mix(red, other.red) << 16 | mix(green, other.green) << 8 | mix(blue, other.blue))
    }
}

/// A colour as a terminal takes it.
enum ThemeColor: Hashable, Sendable {
    /// Whatever the terminal's own foreground or background is.
    case terminalDefault

    /// A number of the terminal's palette: 0 to 15, or 16 to 255 on a terminal with that many.
    case palette(UInt8)

    case rgb(RGB)
}

/// How many colours a terminal shows.
enum ColorDepth: String, CaseIterable, Sendable {
    case mono
    /// The eight of old terminals, on a background that may be black or white: only the two that can be read on both
    /// are used, and the rest is said by emphasis.
    case basic8
    case basic16
    case indexed256
    case trueColor
}
