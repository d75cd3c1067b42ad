import Protocol
import SwiftProtobuf

/// One message of each kind that stands alone in a frame, with every kind of field in use.
enum WireFixtures {
    static let sample = WireSampleMetadata.with {
        $0.ids = ["0/17", "问题"]
        $0.columns = [
            .with {
                $0.key = "packed_prompts"
                $0.elementType = "int32"
                $0.counts = [1, 2]
                $0.lengths = [5, 0, 70_000]
            }
        ]
    }

    static let request = WireRequest.make {
        $0.id = "r-1"
        $0.role = "actor"
        $0.replica = 1
        $0.handleName = "train_step"
        $0.step = 12
        $0.mfc = "actor_train"
        $0.ids = ["0/17"]
        $0.preHooks = [
            .with {
                $0.kind = "data_transfer"
                $0.transfer.transferID = "t"
                $0.transfer.steps = [
                    .with {
                        $0.fromWorker = 1
                        $0.ids = ["0/17"]
                        $0.keys = ["rewards"]
                    }
                ]
            }
        ]
        $0.postHooks = [
            .with {
                $0.kind = "save"
                $0.save.folder = "/c/checkpoints"
                $0.save.step = .max
            }
        ]
        $0.initialize.totalSteps = .max
    }

    static let reply = WireReply.make {
        $0.requestID = "r-1"
        $0.error = "it failed\nbecause"
        $0.sample = sample
        $0.statistics = [
            .with {
                $0.name = "loss"
                $0.value = -.infinity
            }
        ]
        $0.birthTimes = [.min, 0, .max]
        $0.kind = "items"
    }

    static let telemetry = WireTelemetryBatch.make {
        $0.source = "master_worker/0"
        $0.epoch = 3
        $0.seq = .max
        $0.buffers = [
            .with {
                $0.event = "put"
                $0.ready = ["actor_train": 4]
                $0.staleness = [0, 0, 3]
            }
        ]
        $0.logs = [
            .with {
                $0.level = "warning"
                $0.message = "zeile\u{1b}[2J ü 訓"
            }
        ]
    }

    static let configure = WireWorkerCommand.make {
        $0.configure.plan = .with {
            $0.experiment = "sft"
            $0.seed = .max
            $0.setups = [
                .with {
                    $0.steps = -1
                    $0.models = [.with { $0.optimizer.values = ["lr": .with { $0.number = 0.5 }] }]
                    $0.dataset.badRowLimit = 0.25
                }
            ]
        }
        $0.configure.clockOriginNs = -1
    }

    /// Encoded frames by the name of their message, in a fixed order.
    static func frames() throws -> [(name: String, frame: [UInt8])] {
        try [
            ("Request", WireCodec.encode(request)),
            ("Reply", WireCodec.encode(reply)),
            ("TelemetryBatch", WireCodec.encode(telemetry)),
            ("WorkerCommand", WireCodec.encode(configure)),
        ]
    }

    /// Reads `frame` as the message `name` and encodes what was read; throws as the codec does.
    static func reencoded(_ name: String, _ frame: [UInt8]) throws -> [UInt8] {
        switch name {
        case "Request": try WireCodec.encode(WireCodec.decode(WireRequest.self, from: frame))
        case "Reply": try WireCodec.encode(WireCodec.decode(WireReply.self, from: frame))
        case "TelemetryBatch": try WireCodec.encode(WireCodec.decode(WireTelemetryBatch.self, from: frame))
        default: try WireCodec.encode(WireCodec.decode(WireWorkerCommand.self, from: frame))
        }
    }
}
