"""The suites of everything around the compute core: store, transport, dashboard."""

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import time

from harness import OTHER_BUILD, ROOT, environment, in_turn, row, sh


def both(ours, peer, rounds, name="peer"):
    """`in_turn` with at most one peer: our results and its, an empty list where there is none."""
    mine, theirs, _ = in_turn(ours, {name: peer} if peer else {}, rounds)
    return mine, theirs.get(name, [])


def store(cockpit, options):
    measure = lambda binary: sh([binary, "bench", "store"])
    with tempfile.TemporaryDirectory(prefix="ckp") as folder:
        if options.against:
            name, peer = OTHER_BUILD, lambda: measure(options.against)
        else:
            script = ROOT / "Benchmarks" / "Store" / "peer_sqlite.py"
            name = "Python sqlite3 executemany"
            peer = lambda: sh([sys.executable, script, tempfile.mkdtemp(dir=folder)])
        mine, theirs = both(lambda: measure(cockpit), peer, options.rounds)
    return [
        row("store", "ingest-100", "values/s", pick(mine, "valuesPerSecond"), name, pick(theirs, "valuesPerSecond")),
        row("store", "size-100", "bytes/value", pick(mine, "bytesPerValue"), name, pick(theirs, "bytesPerValue"), "less"),
        row("store", "reduce-100k-to-200", "ms", pick(mine, "reduceMilliseconds"), name, pick(theirs, "reduceMilliseconds"), "less"),
    ]


def transport(cockpit, options):
    measure = lambda binary: sh([binary, "bench", "transport"])
    if options.against:
        name, peer = OTHER_BUILD, lambda: measure(options.against)
    else:
        python = environment({"pyzmq": "zmq"})
        name = "pyzmq with acknowledgement into sqlite3"
        peer = python and (lambda: sh([python, ROOT / "Benchmarks" / "Transport" / "peer_pyzmq.py"]))
    mine, theirs = both(lambda: measure(cockpit), peer, options.rounds)
    return [
        row("transport", "ingest-acknowledged-100", "values/s", pick(mine, "valuesPerSecond"), name, pick(theirs, "valuesPerSecond")),
        row("transport", "size-100", "bytes/value", pick(mine, "bytesPerValue"), name, pick(theirs, "bytesPerValue"), "less"),
    ]


def dashboard(cockpit, options):
    """Cost on a live trial at 120x40; beside it btop on the same system, or another build on a trial of its own. The keys
    are arrows, which move a selection in both programs."""
    tool = ROOT / "Benchmarks" / "Dashboard" / "ttybench.py"
    trial = ["-e", "grpo-arith", "-f", "bench"]

    def look(command, variables):
        return sh(
            [sys.executable, tool, "--cols", 120, "--rows", 40, "--settle", 3, "--secs", options.watch, "--nkeys", 20,
             "--keys", r"\x1b[B \x1b[A", "--", *command], env=variables)

    def look_at_own_trial(binary):
        # A store belongs to the build that writes it, and two trials at once would disturb each other.
        with live_trial(binary, trial) as variables:
            return look([binary, "attach", *trial], variables)

    rounds = max(1, options.rounds // 2)
    if options.against:
        name = OTHER_BUILD
        mine, theirs = both(lambda: look_at_own_trial(cockpit), lambda: look_at_own_trial(options.against), rounds)
    else:
        name, btop = "btop", shutil.which("btop")
        with live_trial(cockpit, trial) as variables:
            mine, theirs = both(
                lambda: look([cockpit, "attach", *trial], variables),
                btop and (lambda: look([btop, "--utf-force"], variables)), rounds)
    first = lambda rows: [entry["key"]["first"][0] for entry in rows]
    return [
        row("dashboard", "cpu", "% of a core", pick(mine, "cpu_pct"), name, pick(theirs, "cpu_pct"), "less"),
        row("dashboard", "key-to-first-byte-p50", "ms", first(mine), name, first(theirs), "less"),
        row("dashboard", "resident", "MiB", pick(mine, "rss_mb"), name, pick(theirs, "rss_mb"), "less"),
        row("dashboard", "terminal-bytes", "B/s", pick(mine, "bytes_s"), name, pick(theirs, "bytes_s"), "less"),
    ]


def pick(results, key):
    """The values of `key`, of those results that have it."""
    return [entry[key] for entry in results if key in entry]


@contextlib.contextmanager
def live_trial(cockpit, trial):
    """A trial that runs as long as the block, in a home of its own; the environment of commands that look at it."""
    with tempfile.TemporaryDirectory(prefix="ckb") as home:
        variables = dict(os.environ, COCKPIT_HOME=home, COCKPIT_THEMES=str(ROOT / "themes"))
        for command in (["data", "arithmetic", "--out", f"{home}/data/arithmetic"],
                        ["start", *trial, "--detach", "grpo.steps=100000"]):
            subprocess.run([cockpit, *command], check=True, env=variables, stdout=sys.stderr)
        try:
            time.sleep(5)  # the peer measures a running system too; this only lets the first steps pass
            yield variables
        finally:
            subprocess.run([cockpit, "stop", *trial], env=variables, stdout=sys.stderr)
