import Foundation

/// What `Fixtures/make_objective_fixtures.py` computed in double precision.
struct ObjectiveFixture: Decodable {
    struct Supervised: Decodable {
        let lengths: [Int], mask: [Int], logps: [Float], loss: Double, gradient: [Double], perplexities: [Double]
    }

    struct Paired: Decodable {
        let pairs: [Int], scores: [Float], loss: Double, gradient: [Double], accuracy: Double
    }

    struct Preference: Decodable {
        let beta: Double, masks: [[Int]], policy: [[Float]], reference: [[Float]], loss: Double, gradient: [[Double]]
        let posScore: Double, negScore: Double, kl: Double
    }

    struct Policy: Decodable {
        struct Statistics: Decodable {
            let actorLoss: Double, ratio: Double, moved: Double, clipped: Int, dualClipped: Int, divergence: Double?
        }
        let mask: [Int], new: [Float], old: [Float], advantages: [Float], proximal: [Float]?, reference: [Float]?
        let clip: Double, dual: Double?, cap: Double?, referenceWeight: Double?
        let behaviourWeight: Double?, withinCap: Int?
        let loss: Double, gradient: [Double], statistics: Statistics
    }

    struct Value: Decodable {
        let huber: Int, clip: Double, mask: [Int], values: [Float], old: [Float], returns: [Float]
        let loss: Double, gradient: [Double], clipped: Int
    }

    struct Rollout: Decodable {
        struct Options: Decodable {
            let critic: Int, kl: Double, limit: Double, maskTooLong: Int, zeroUnfinished: Int, scores: String
            let gamma: Double, lambda: Double, normalization: String
        }
        struct Expected: Decodable {
            let masks: [[Int]], kl: [[Double]], rewards: [[Double]], returns: [[Double]], advantages: [[Double]]
        }
        let options: Options, groupSizes: [Int], prompts: [[UInt8]], unfinished: [Int], old: [[Float]]
        let reference: [[Float]], values: [[Float]], scores: [[Float]], expected: Expected
    }

    struct Normalizer: Decodable {
        struct Batch: Decodable {
            let returns: [Float], mask: [Int], mean: Double, deviation: Double, probe: [Float]
            let normalized: [Double], denormalized: [Double]
        }
        let beta: Double, batches: [Batch]
    }

    struct Controller: Decodable {
        let start: Double, target: Double, horizon: Double, steps: [[Double]]
    }

    struct Groups: Decodable {
        let groups: [[Float]], expected: [[Double]]
    }

    struct Reduction: Decodable {
        struct Mean: Decodable {
            let loss: Double, gradient: [[Double]]
        }
        let counts: [Int], logps: [[Float]], tokenWeighted: Mean, meanOfMeans: Mean
    }

    let supervised: [Supervised], paired: [Paired], preference: [Preference], policy: [Policy], value: [Value]
    let rollout: [Rollout], valueNormalizer: [Normalizer], klController: [Controller], groupAdvantages: [Groups]
    let reduction: [Reduction]

    static func load() throws -> ObjectiveFixture {
        let file = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "Fixtures/objective_fixtures.json")
        return try JSONDecoder().decode(ObjectiveFixture.self, from: Data(contentsOf: file))
    }
}

/// A flag of the fixture.
extension Sequence<Int> {
    var flags: [Bool] { map { $0 != 0 } }
}

/// The largest error of `found`, relative where the expected number is above 1; infinite where the lengths differ.
func relativeError(_ found: [Float], _ expected: [Double]) -> Double {
    guard found.count == expected.count else { return .infinity }
    return zip(found, expected).reduce(0) { max($0, relativeError(Double($1.0), $1.1)) }
}

/// The error, relative where the expected number is above 1; infinite where one is no number.
func relativeError(_ found: Double, _ expected: Double) -> Double {
    let error = abs(found - expected) / max(1, abs(expected))
    return error.isNaN ? .infinity : error
}
