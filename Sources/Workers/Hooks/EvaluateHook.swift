package import Protocol

/// Evaluates the setup's held-out rows with the weights a train step has just made.
package struct EvaluateHook: RequestHook {
    package static let kind = HookKind.evaluate

    package init() {}

    package func run(
        _ hook: WireHookRequest, for request: WireRequest, on site: any HookSite, reply: inout WireReply
    ) throws {
        let metrics = try site.evaluate(step: hook.evaluate.step, setup: request.setup)
        reply.statistics += metrics.map { metric in
            filled(WireStatistic()) {
                $0.name = metric.name
                $0.value = metric.value
            }
        }
    }
}
