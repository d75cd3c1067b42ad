/// Fires when enough steps, enough seconds, or both have passed since it last fired.
///
/// With neither threshold it never fires; with one only that counts; with both both must hold.
package struct FrequencyControl: Sendable, Equatable {
    private let steps: Int?
    private let seconds: Double?
    private var stepsSince = 0
    private var lastTime: Double

    /// Fires by steps alone, or never.
    package init(steps: Int? = nil) {
        self.steps = steps
        seconds = nil
        lastTime = 0
    }

    /// - Parameter time: when it is made. Its clock starts then and not at the first call, which may come late.
    package init(steps: Int? = nil, seconds: Double, at time: Double) {
        self.steps = steps
        self.seconds = seconds
        lastTime = time
    }

    /// One more step has been done at `time` (seconds of any clock that does not go back); whether it fires.
    package mutating func advance(steps passed: Int = 1, time: Double) -> Bool {
        stepsSince += passed
        guard isDue(time) else { return false }
        stepsSince = 0
        lastTime = time
        return true
    }

    private func isDue(_ time: Double) -> Bool {
        switch (steps, seconds) {
        case (nil, nil): false
        case (let steps?, nil): stepsSince >= steps
        case (nil, let seconds?): time - lastTime >= seconds
        case (let steps?, let seconds?): stepsSince >= steps && time - lastTime >= seconds
        }
    }
}
