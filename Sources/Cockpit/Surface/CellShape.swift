/// A part of a drawing character, in shares of a cell.
struct CellShape {
    var x: Double
    var y: Double
    var width: Double
    var height: Double
    var opacity = 1.0

    /// A braille dot; x and y are its middle.
    var isDot = false

    /// The parts of a line, block, shade or braille character, or nil for a character that is text.
    static func shapes(of scalar: Unicode.Scalar) -> [CellShape]? {
        let value = scalar.value
        switch value {
        case 0x2581...0x2588:
            let height = Double(value - 0x2580) / 8
            return [CellShape(x: 0, y: 1 - height, width: 1, height: height)]
        case 0x2589...0x258F:
            return [CellShape(x: 0, y: 0, width: Double(0x2590 - value) / 8, height: 1)]
        case 0x2591...0x2593:
            return [CellShape(x: 0, y: 0.08, width: 1, height: 0.84, opacity: [0.3, 0.52, 0.8][Int(value - 0x2591)])]
        case 0x2595:
            return [CellShape(x: 0.875, y: 0, width: 0.125, height: 1)]
        case 0x259A:
            return [0, 0.5].map { CellShape(x: $0, y: $0, width: 0.5, height: 0.5) }
        case 0x2800...0x28FF:
            return dots(value - 0x2800)
        default:
            return lines(scalar)
        }
    }

    private static func dots(_ bits: UInt32) -> [CellShape] {
        // Dots 1 to 8 of the braille pattern, as (column, row).
        let places: [(Int, Int)] = [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2), (0, 3), (1, 3)]
        return places.enumerated().compactMap { index, place in
            guard bits & (1 << UInt32(index)) != 0 else { return nil }
            return CellShape(
                x: 0.25 + 0.5 * Double(place.0), y: 0.125 + 0.25 * Double(place.1), width: 0, height: 0, isDot: true)
        }
    }

    // Line thickness, as a share of the cell's width and height.
    private static let across = 0.13
    private static let down = 0.065

    private static func lines(_ scalar: Unicode.Scalar) -> [CellShape]? {
        let full = CellShape(x: 0.5 - across / 2, y: 0, width: across, height: 1)
        let upper = CellShape(x: 0.5 - across / 2, y: 0, width: across, height: 0.5 + down / 2)
        let lower = CellShape(x: 0.5 - across / 2, y: 0.5 - down / 2, width: across, height: 0.5 + down / 2)
        let wide = CellShape(x: 0, y: 0.5 - down / 2, width: 1, height: down)
        let right = CellShape(x: 0.5 - across / 2, y: 0.5 - down / 2, width: 0.5 + across / 2, height: down)
        let left = CellShape(x: 0, y: 0.5 - down / 2, width: 0.5 + across / 2, height: down)
        switch scalar {
        case "─": return [wide]
        case "│": return [full]
        case "┌": return [right, lower]
        case "┐": return [left, lower]
        case "└": return [right, upper]
        case "┘": return [left, upper]
        case "┃": return [CellShape(x: 0.5 - across, y: 0, width: across * 2, height: 1)]
        case "═": return [-0.09, 0.09].map { CellShape(x: 0, y: 0.5 + $0 - down / 2, width: 1, height: down) }
        case "┄": return [0.04, 0.38, 0.71].map { CellShape(x: $0, y: 0.5 - down / 2, width: 0.22, height: down) }
        case "┆": return [0.05, 0.38, 0.71].map { CellShape(x: 0.5 - across / 2, y: $0, width: across, height: 0.2) }
        case "┊":
            return [0.04, 0.29, 0.54, 0.79].map { CellShape(x: 0.5 - across / 2, y: $0, width: across, height: 0.13) }
        default: return nil
        }
    }
}
