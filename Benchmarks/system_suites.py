"""The suites of everything around the compute core: store, transport, dashboard."""

import os
import shutil
import subprocess
import sys
import tempfile
import time

from harness import ROOT, environment, in_turn, row, sh


def both(ours, peer, rounds, name="peer"):
    """`in_turn` with at most one peer: our results and its, an empty list where there is none."""
    mine, theirs = in_turn(ours, {name: peer} if peer else {}, rounds)
    return mine, theirs.get(name, [])


def store(cockpit, options):
    peer = ROOT / "Benchmarks" / "Store" / "peer_sqlite.py"
    with tempfile.TemporaryDirectory(prefix="ckp") as folder:
        mine, theirs = both(
            lambda: sh([cockpit, "bench", "store"]),
            lambda: sh([sys.executable, peer, tempfile.mkdtemp(dir=folder)]), options.rounds)
    pick = lambda rows, key: [entry[key] for entry in rows if key in entry]
    name = "Python sqlite3 executemany"
    return [
        row("store", "ingest-100", "values/s", pick(mine, "valuesPerSecond"), name, pick(theirs, "valuesPerSecond")),
        row("store", "size-100", "bytes/value", pick(mine, "bytesPerValue"), name, pick(theirs, "bytesPerValue"), "less"),
        row("store", "reduce-100k-to-200", "ms", pick(mine, "reduceMilliseconds"), name, pick(theirs, "reduceMilliseconds"), "less"),
    ]


def transport(cockpit, options):
    python = environment({"pyzmq": "zmq"})
    peer = ROOT / "Benchmarks" / "Transport" / "peer_pyzmq.py"
    mine, theirs = both(
        lambda: sh([cockpit, "bench", "transport"]), python and (lambda: sh([python, peer])), options.rounds)
    pick = lambda rows, key: [entry[key] for entry in rows if key in entry]
    name = "pyzmq with acknowledgement into sqlite3"
    return [
        row("transport", "ingest-acknowledged-100", "values/s", pick(mine, "valuesPerSecond"), name, pick(theirs, "valuesPerSecond")),
        row("transport", "size-100", "bytes/value", pick(mine, "bytesPerValue"), name, pick(theirs, "bytesPerValue"), "less"),
    ]


def dashboard(cockpit, options):
    """Cost on a live trial at 120x40, btop beside it in the same run."""
    tool = ROOT / "Benchmarks" / "Dashboard" / "ttybench.py"
    with tempfile.TemporaryDirectory(prefix="ckb") as home:
        variables = dict(os.environ, COCKPIT_HOME=home, COCKPIT_THEMES=str(ROOT / "themes"))
        subprocess.run([cockpit, "data", "arithmetic", "--out", f"{home}/data/arithmetic"], check=True, env=variables, stdout=sys.stderr)
        subprocess.run(
            [cockpit, "start", "-e", "grpo-arith", "-f", "bench", "--detach", "grpo.steps=100000"],
            check=True, env=variables, stdout=sys.stderr)
        try:
            time.sleep(5)  # the peer measures a running system too; this only lets the first steps pass
            look = lambda command: sh(
                [sys.executable, tool, "--cols", 120, "--rows", 40, "--settle", 3, "--secs", options.watch, "--nkeys", 20,
                 "--keys", "j k", "--", *command], env=variables)
            btop = shutil.which("btop")
            mine, theirs = both(
                lambda: look([cockpit, "attach", "-e", "grpo-arith", "-f", "bench"]),
                btop and (lambda: look([btop, "--utf-force"])), max(1, options.rounds // 2))
        finally:
            subprocess.run([cockpit, "stop", "-e", "grpo-arith", "-f", "bench"], env=variables, stdout=sys.stderr)
    first = lambda rows: [entry["key"]["first"][0] for entry in rows]
    pick = lambda rows, key: [entry[key] for entry in rows]
    return [
        row("dashboard", "cpu", "% of a core", pick(mine, "cpu_pct"), "btop", pick(theirs, "cpu_pct"), "less"),
        row("dashboard", "key-to-first-byte-p50", "ms", first(mine), "btop", first(theirs), "less"),
        row("dashboard", "resident", "MiB", pick(mine, "rss_mb"), "btop", pick(theirs, "rss_mb"), "less"),
        row("dashboard", "terminal-bytes", "B/s", pick(mine, "bytes_s"), "btop", pick(theirs, "bytes_s"), "less"),
    ]
