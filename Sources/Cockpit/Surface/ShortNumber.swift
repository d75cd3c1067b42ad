/// Numbers for axes and tables: about three digits, with a suffix for thousands.
enum ShortNumber {
    /// `0.82`, `12.4`, `500`, `1.28k`, `2.5M`, `3.1e-6`, `nan`.
    static func text(_ value: Double) -> String {
        guard value.isFinite else { return value.isNaN ? "nan" : (value > 0 ? "inf" : "-inf") }
        let size = abs(value)
        if size == 0 { return "0" }
        if size < 0.001 || size >= 999.5e12 { return exponential(value) }
        if size < 999.5 {
            if value.rounded() == value { return "\(Int(value))" }
            if size < 0.00995 { return fixed(value, decimals: 4) }
            return fixed(value, decimals: size < 0.0995 ? 3 : (size < 9.995 ? 2 : (size < 99.95 ? 1 : 0)))
        }
        var scaled = value
        var suffix = ""
        for next in ["k", "M", "G", "T"] where abs(scaled) >= 999.5 {
            scaled /= 1000
            suffix = next
        }
        let decimals = abs(scaled) < 9.995 ? 2 : (abs(scaled) < 99.95 ? 1 : 0)
        var digits = fixed(scaled, decimals: decimals)
        if decimals == 2, digits.hasSuffix("0") { digits.removeLast() }
        return digits + suffix
    }

    /// A number with a fixed count of decimals, rounded half away from zero.
    static func fixed(_ value: Double, decimals: Int) -> String {
        var power = 1
        for _ in 0..<decimals { power *= 10 }
        let scaled = (abs(value) * Double(power)).rounded()
        // Beyond this the last digits would be made up, and soon an integer would overflow.
        guard abs(value) < 1e15, scaled < 1e18 else { return text(value) }
        let sign = value < 0 && scaled > 0 ? "-" : ""
        let (whole, part) = Int(scaled).quotientAndRemainder(dividingBy: power)
        guard decimals > 0 else { return "\(sign)\(whole)" }
        let rest = "\(part)"
        return "\(sign)\(whole)." + String(repeating: "0", count: max(0, decimals - rest.count)) + rest
    }

    /// The number itself, for what must not be rounded: `0.999999`, `1e-7`, `4294967296`.
    static func exact(_ value: Double) -> String {
        if value.rounded() == value, abs(value) < 1e15 { return "\(Int(value))" }
        return "\(value)".replacing("e-0", with: "e-").replacing("e+", with: "e")
    }

    /// Thousands apart by a blank: `1 284`.
    static func grouped(_ value: Int) -> String {
        let digits = Array(String(value.magnitude))
        var text = value < 0 ? "-" : ""
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index) % 3 == 0 { text.append(" ") }
            text.append(digit)
        }
        return text
    }

    private static func exponential(_ value: Double) -> String {
        var mantissa = abs(value)
        var exponent = 0
        while mantissa >= 9.95 {
            mantissa /= 10
            exponent += 1
        }
        while mantissa < 0.995 {
            mantissa *= 10
            exponent -= 1
        }
        var digits = fixed(mantissa, decimals: 1)
        if digits.hasSuffix(".0") { digits.removeLast(2) }
        return "\(value < 0 ? "-" : "")\(digits)e\(exponent)"
    }
}
