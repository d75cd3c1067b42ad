"""The suites of the compute core against PyTorch, transformers and TRL: training, generation, rl, kernels."""

from harness import PEERS, Peer, environment, in_turn, machine, row, say, sh, swift_version, today

CASES = {
    "training": ("tiny", "small", "gpt2-124m-b4t64", "gpt2-124m-b2t256", "ragged"),
    "generation": ("tiny-b1", "tiny-b32", "small-b1", "small-b32", "ragged"),
}

EAGER, COMPILED = "PyTorch eager", "torch.compile"
LOOP, GENERATE = "PyTorch loop", "transformers generate"


def chosen(suite, options):
    cases = CASES[suite]
    if options.case and options.case not in cases:
        raise SystemExit(f"suite {suite} has no case '{options.case}'; choose one of {', '.join(cases)}")
    return [options.case] if options.case else cases


class Comparison:
    """Our command and the peers of one case, measured in turn."""

    def __init__(self, cockpit, suite, case, options):
        self.suite, self.case, self.options = suite, case, options
        self.arguments = ["--case", case, "--threads", options.threads, "--seconds", options.seconds]
        self.command = [cockpit, "bench", suite, *self.arguments]
        self.peers = {}
        self.mine = self.last = None

    def add(self, name, python, script, *words):
        """Starts a peer; one that was not asked for, or that cannot run, is left out."""
        if python is None or self.options.peers and not any(part in name for part in self.options.peers.split(",")):
            return
        say(f"starting {name} for {self.case}")
        peer = Peer(name, [python, PEERS / script, *self.arguments, *words])
        if peer.versions:
            self.peers[name] = peer

    def run(self, unit, value, better="more", request=lambda ours: {}, extras=lambda ours: {}, peer_extras=lambda result: {}):
        """One row a peer, or one without a peer."""

        def ours():
            self.last = sh(self.command)
            return self.last

        def ask(peer):
            # A peer's first request may need what we measured, so we go first where nothing is known yet.
            if self.last is None:
                self.last = sh(self.command)
            return peer.measure(request(self.last))

        try:
            mine, theirs = in_turn(
                ours, {name: (lambda peer=peer: ask(peer)) for name, peer in self.peers.items()}, self.options.rounds)
        finally:
            for peer in self.peers.values():
                peer.close()
        about = {
            "threads": self.options.threads, "machine": machine(), "date": today(),
            "kernel_variant": mine[-1].get("kernelVariant"), **extras(mine[-1]),
        }
        values = [result[value] for result in mine]
        rows = []
        for name, results in (theirs or {None: []}).items():
            versions = {"swift": swift_version(), **(self.peers[name].versions if name else {})}
            rows.append(
                row(self.suite, self.case, unit, values, name, [result[value] for result in results], better,
                    versions=versions, **about, **(peer_extras(results[-1]) if results else {})))
        return rows


def training(cockpit, options):
    python = environment({"torch": "torch", "numpy": "numpy"}, options.python)
    for case in chosen("training", options):
        comparison = Comparison(cockpit, "training", case, options)
        comparison.add(EAGER, python, "training.py")
        comparison.add(COMPILED, python, "training.py", "--compile")
        yield from comparison.run(
            "tokens/s", "tokensPerSecond",
            extras=lambda ours: {
                "share_of_limit": ours["shareOfLimit"], "limit_gflops": ours["limitOperationsPerSecond"] / 1e9,
                "breakdown": ours["breakdown"], "peak_resident_bytes": ours["peakResidentBytes"],
            },
            peer_extras=lambda result: {"peer_peak_resident_bytes": result["peakResidentBytes"]})


def generation(cockpit, options):
    python = environment({"torch": "torch", "numpy": "numpy", "transformers": "transformers"}, options.python)
    for case in chosen("generation", options):
        comparison = Comparison(cockpit, "generation", case, options)
        comparison.add(LOOP, python, "generation.py", "--peer", "loop")
        comparison.add(GENERATE, python, "generation.py", "--peer", "transformers")
        yield from comparison.run(
            "tokens/s", "tokensPerSecond", request=lambda ours: {"lengths": ours["lengths"]},
            extras=lambda ours: {"breakdown": ours["breakdown"]})
