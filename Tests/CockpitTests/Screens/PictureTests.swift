import Foundation
import Testing

@testable import Cockpit

/// Pictures for a person to look at; written only where a folder is named.
@Suite struct PictureTests {
    @Test(arguments: GoldenTests.Scene.allCases)
    func `each screen can be written as a picture`(scene: GoldenTests.Scene) throws {
        for (size, name) in [(StateFixtures.small, "80x24"), (StateFixtures.middle, "120x36")] {
            let svg = SurfaceSVG.text(of: ScreenPicture.surface(try scene.state(size)), theme: .defaultDark)
            #expect(svg.hasPrefix("<svg"))
            guard let folder = ProcessInfo.processInfo.environment["COCKPIT_PICTURES"] else { continue }
            try Data(svg.utf8).write(to: URL(fileURLWithPath: "\(folder)/\(scene.rawValue)-\(name).svg"))
        }
    }
}
