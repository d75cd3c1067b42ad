"""The suites of the compute core against PyTorch, transformers and TRL: training, generation, rl, kernels."""

from harness import (
    OTHER_BUILD, PEERS, Bystanders, OtherBuild, Peer, environment, in_turn, machine, row, say, sh, swift_version, today,
    undisturbed)

CASES = {
    "training": ("tiny", "small", "gpt2-124m-b4t64", "gpt2-124m-b2t256", "gpt2-124m-b2t256-recompute", "ragged"),
    "generation": ("tiny-b1", "tiny-b32", "small-b1", "small-b32", "ragged"),
    "rl": ("grpo-tiny", "grpo-small", "sft-tiny", "sft-small"),
    # Names of kernels are those that `cockpit bench kernels --case all` prints; None: any.
    "kernels": None,
}

# Seconds of each kernel; there are some thirty, and one is measured in microseconds.
KERNEL_SECONDS = 0.15

EAGER, COMPILED = "PyTorch eager", "torch.compile"
OPERATORS = "PyTorch operators"
LOOP, GENERATE = "PyTorch loop", "transformers generate"


def chosen(suite, options):
    cases = CASES[suite]
    if cases is None:
        return [options.case or "all"]
    if options.case and options.case not in cases:
        raise SystemExit(f"suite {suite} has no case '{options.case}'; choose one of {', '.join(cases)}")
    return [options.case] if options.case else cases


def interpreter(packages, options):
    """The Python of peers that need `packages`; None where there is none, or another build is the peer."""
    return None if options.against else environment(packages, options.python)


def figures(result):
    """Values of kernels by name: a peer answers so, our own command in a list."""
    found = result["figures"]
    return found if isinstance(found, dict) else {figure["name"]: figure["value"] for figure in found}


class Comparison:
    """Our command and the peers of one case, measured in turn."""

    def __init__(self, cockpit, suite, case, options, seconds=None):
        self.suite, self.case, self.options = suite, case, options
        self.arguments = ["--case", case, "--threads", options.threads, "--seconds", seconds or options.seconds]
        self.command = [cockpit, "bench", suite, *self.arguments]
        self.peers = {}
        if options.against:
            self.peers[OTHER_BUILD] = OtherBuild([options.against, *self.command[1:]])
        self.last = None
        # Largest share of the machine that other programs had during a measurement.
        self.disturbed = 0.0

    def add(self, name, python, script, *words):
        """Starts a peer; one that was not asked for, or that cannot run, is left out."""
        if python is None or self.options.peers and not any(part in name for part in self.options.peers.split(",")):
            return
        say(f"starting {name} for {self.case}")
        peer = Peer(name, [python, PEERS / script, *self.arguments, *words])
        if peer.versions:
            self.peers[name] = peer

    def measure(self, request=lambda ours: {}):
        """Our results and the peers' by name; `request` makes what a peer is asked for out of what we measured."""
        bystanders = Bystanders([peer.process for peer in self.peers.values() if isinstance(peer, Peer)])

        def ours():
            self.last = sh(self.command)
            return self.last

        def ask(peer):
            # In a round that a peer begins we may have nothing yet to tell it.
            return peer.measure(request(self.last or ours()))

        try:
            mine, theirs, self.disturbed = in_turn(
                ours, {name: (lambda peer=peer: ask(peer)) for name, peer in self.peers.items()}, self.options.rounds,
                lambda measure: undisturbed(measure, bystanders.measure, self.options.patience))
            return mine, theirs
        finally:
            for peer in self.peers.values():
                peer.close()

    def about(self, name, ours):
        """Where and with what a row was measured."""
        return {
            "threads": self.options.threads, "machine": machine(), "date": today(),
            "kernel_variant": ours.get("kernelVariant"), "others": self.disturbed,
            "versions": {"swift": swift_version(), **(self.peers[name].versions if name else {})},
        }

    def rows(self, unit, value, request=lambda ours: {}, extras=lambda ours: {}, peer_extras=lambda result: {}):
        """One row a peer, or one without a peer, of the figure `value`, of which more is better."""
        mine, theirs = self.measure(request)
        values = [result[value] for result in mine]
        for name, results in (theirs or {None: []}).items():
            yield row(
                self.suite, self.case, unit, values, name, [result[value] for result in results],
                **self.about(name, mine[-1]), **extras(mine[-1]), **(peer_extras(results[-1]) if results else {}))


def training(cockpit, options):
    python = interpreter({"torch": "torch", "numpy": "numpy"}, options)
    for case in chosen("training", options):
        comparison = Comparison(cockpit, "training", case, options)
        comparison.add(EAGER, python, "training.py")
        comparison.add(COMPILED, python, "training.py", "--compile")
        yield from comparison.rows(
            "tokens/s", "tokensPerSecond",
            extras=lambda ours: {
                "share_of_limit": ours["shareOfLimit"], "limit_gflops": ours["limitOperationsPerSecond"] / 1e9,
                "breakdown": ours["breakdown"], "peak_resident_bytes": ours["peakResidentBytes"],
                "planned": ours["planned"], "planned_bytes": ours["plannedBytes"],
                "activations_without_recompute": ours.get("activationsWithoutRecompute"),
            },
            peer_extras=lambda result: {"peer_peak_resident_bytes": result["peakResidentBytes"]})


def generation(cockpit, options):
    python = interpreter({"torch": "torch", "numpy": "numpy", "transformers": "transformers"}, options)
    for case in chosen("generation", options):
        comparison = Comparison(cockpit, "generation", case, options)
        comparison.add(LOOP, python, "generation.py", "--peer", "loop")
        comparison.add(GENERATE, python, "generation.py", "--peer", "transformers")
        yield from comparison.rows(
            "tokens/s", "tokensPerSecond", request=lambda ours: {"lengths": ours["lengths"]},
            extras=lambda ours: {"breakdown": ours["breakdown"]})


def rl(cockpit, options):
    packages = {"torch": "torch", "numpy": "numpy", "transformers": "transformers", "trl": "trl", "datasets": "datasets"}
    python = interpreter(packages, options)
    for case in chosen("rl", options):
        comparison = Comparison(cockpit, "rl", case, options)
        comparison.add("TRL GRPOTrainer" if case.startswith("grpo") else "TRL SFTTrainer", python, "rl.py")
        yield from comparison.rows(
            "steps/s", "stepsPerSecond", extras=lambda ours: {"breakdown": ours["breakdown"], "phases": ours["phases"]})


def kernels(cockpit, options):
    python = interpreter({"torch": "torch", "numpy": "numpy"}, options)
    for case in chosen("kernels", options):
        comparison = Comparison(cockpit, "kernels", case, options, seconds=KERNEL_SECONDS)
        comparison.add(OPERATORS, python, "kernels.py")
        mine, theirs = comparison.measure()
        name = next(iter(theirs), None)
        for place, figure in enumerate(mine[-1]["figures"]):
            yield row(
                "kernels", figure["name"], figure["unit"], [result["figures"][place]["value"] for result in mine], name,
                [figures(result)[figure["name"]] for result in theirs.get(name, [])],
                **comparison.about(name, mine[-1]), share_of_limit=figure.get("shareOfLimit"),
                limit_gflops=mine[-1]["limitOperationsPerSecond"] / 1e9)
