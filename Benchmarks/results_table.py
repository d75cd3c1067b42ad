"""Benchmarks/RESULTS.md out of Benchmarks/results.json; what it adds is order and rounding, no figure of its own.

    python3 Benchmarks/results_table.py                 # writes the table again, after results were merged by hand
    python3 -m doctest Benchmarks/results_table.py      # the checks beside the functions
"""

import json
import pathlib

HEAD = """# Benchmark results

Written by `scripts/bench` (`make bench`); do not edit. Ours and the peers run in turn in one run, so trust ratios before
figures: the machine is shared. A ratio above 1 means that we are ahead: medians of all rounds, then, after the slash, the best
round of each. Spread is (largest - smallest) / median of our rounds, the peer's after the slash. "Others" is the most of the
machine that programs outside the benchmark took in a measurement: above some 5 % the row is disturbed and its ratio unsafe.
Rows of one case may come from different runs: each has the figure of ours from its own. How each suite measures is told in
`docs/guide/benchmarks.md`.
"""


def number(value):
    """A figure with about three significant digits.

    >>> [number(value) for value in (39324.9, 231.4, 17.25, 1.649, 0.0123, None)]
    ['39,325', '231', '17.2', '1.65', '0.0123', '-']
    """
    if value is None:
        return "-"
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def share(value):
    """
    >>> share(0.6149), share(None)
    ('61 %', '-')
    """
    return "-" if value is None else f"{value:.0%}".replace("%", " %")


def breakdown(shares):
    """The shares of lanes' time in falling order, without what is nothing.

    >>> breakdown({"matrix": 0.7, "idle": 0.25, "other": 0.001, "attention": 0.05})
    'matrix 70 %, idle 25 %, attention 5 %'
    """
    parts = sorted((shares or {}).items(), key=lambda part: -part[1])
    return ", ".join(f"{name} {share(value)}" for name, value in parts if value >= 0.005)


def merged(old, new):
    """Rows of `old` whose suite, case and peer were not measured again, and all of `new`, in order. A row keeps what its own
    run measured of ours: a ratio between two runs would say nothing. One without a peer goes when a peer has run.

    >>> make = lambda case, peer, ours: {"suite": "s", "case": case, "peer": peer, "ours": ours}
    >>> show = lambda rows: [(row["case"], row["peer"], row["ours"]) for row in rows]
    >>> old = [make("a", "p", 1), make("a", "q", 1), make("b", None, 2)]
    >>> show(merged(old, [make("a", "q", 3)]))
    [('a', 'p', 1), ('a', 'q', 3), ('b', None, 2)]
    >>> show(merged(old, [make("b", "p", 4)]))
    [('a', 'p', 1), ('a', 'q', 1), ('b', 'p', 4)]
    >>> show(merged(old, [make("a", None, 5), make("b", None, 6)]))
    [('a', None, 5), ('a', 'p', 1), ('a', 'q', 1), ('b', None, 6)]
    """
    measured = {(row["suite"], row["case"], row["peer"]) for row in new}
    answered = {(row["suite"], row["case"], None) for row in new if row["peer"]}
    kept = [row for row in old if (row["suite"], row["case"], row["peer"]) not in measured | answered]
    return sorted(kept + new, key=lambda row: (row["suite"], row["case"], row["peer"] or ""))


def line(row):
    spreads = share(row["spread"]) + (f" / {share(row['peer_spread'])}" if row.get("peer_spread") is not None else "")
    ratio = f"**{row['ratio']:.2f}**" if row.get("ratio") else "-"
    if row.get("best_ratio"):
        ratio += f" / {row['best_ratio']:.2f}"
    peer = row["peer"] or "no peer could run"
    return (
        f"| {row['case']} | {number(row['ours'])} {row['unit']} | {peer} | {number(row['peer_value'])} | {ratio} | "
        f"{spreads} | {row.get('rounds', '-')} | {share(row.get('share_of_limit'))} | "
        f"{share(row.get('others'))} | {row.get('date', '-')} |")


def conditions(rows):
    """Where and with what the rows of a suite were measured, one sentence for each different set."""
    found = []
    for row in rows:
        if "machine" not in row:
            continue
        versions = ", ".join(f"{name} {value}" for name, value in row["versions"].items() if value)
        text = f"{row['date']}: {row['machine']}; {row['threads']} threads, kernels {row['kernel_variant']}; {versions}."
        if text not in found:
            found.append(text)
    return found


def runs(rows):
    """Rows of one case by the run they come from, in order: rows of one run have our figure in common.

    >>> [[row["peer"] for row in run] for run in runs([
    ...     {"ours": 1.5, "date": "1", "peer": "p"}, {"ours": 2.5, "date": "1", "peer": "q"},
    ...     {"ours": 1.5, "date": "1", "peer": "r"}])]
    [['p', 'r'], ['q']]
    """
    found = {}
    for row in rows:
        found.setdefault((row["ours"], row.get("date")), []).append(row)
    return list(found.values())


def mebibytes(count):
    return number(count / (1 << 20))


def words(name):
    """
    >>> words("activationGradients")
    'activation gradients'
    """
    return "".join(" " + letter.lower() if letter.isupper() else letter for letter in name)


def memory(run):
    """What was planned, part by part, and the peak resident size of ours and of the peers as multiples of it.

    >>> memory([{"planned_bytes": 200 << 20, "planned": {"weights": 50 << 20, "activations": 150 << 20, "scratch": 9},
    ...          "activations_without_recompute": 400 << 20, "peak_resident_bytes": 210 << 20, "peer": "p",
    ...          "peer_peak_resident_bytes": 300 << 20}])
    'planned 200 MiB (activations 150 of 400 without recompute, weights 50); peak resident 210 MiB, 1.05 of planned (p 300 MiB, 1.50)'
    >>> memory([{"peak_resident_bytes": 210 << 20, "peer": "p", "peer_peak_resident_bytes": 300 << 20}])
    'peak resident 210 MiB (p 300 MiB)'
    """
    first = run[0]
    planned, most = first.get("planned_bytes"), 1 << 19
    text = ""
    if planned:
        parts = []
        for name, size in sorted(first["planned"].items(), key=lambda part: -part[1]):
            other = first.get("activations_without_recompute") if name == "activations" else None
            if size >= most:
                of = f" of {mebibytes(other)} without recompute" if other else ""
                parts.append(f"{words(name)} {mebibytes(size)}{of}")
        text = f"planned {mebibytes(planned)} MiB ({', '.join(parts)}); "
    ratio = (lambda size: f", {size / planned:.2f}") if planned else (lambda size: "")
    peers = [
        f"{row['peer']} {mebibytes(row['peer_peak_resident_bytes'])} MiB{ratio(row['peer_peak_resident_bytes'])}"
        for row in run if row.get("peer_peak_resident_bytes")]
    own = first["peak_resident_bytes"]
    text += f"peak resident {mebibytes(own)} MiB{ratio(own)}" + (" of planned" if planned else "")
    return text + (f" ({'; '.join(peers)})" if peers else "")


def details(rows):
    """Breakdown and memory, once a run of a case.

    >>> for text in details([
    ...     {"case": "a", "peer": "p", "ours": 1, "breakdown": {"matrix": 1}, "phases": {"train": 1}},
    ...     {"case": "b", "peer": "p", "ours": 1, "breakdown": {"matrix": 1}},
    ...     {"case": "b", "peer": "q", "ours": 2, "breakdown": {"idle": 1}}]): print(text)
    - a: matrix 100 %; of a step train 100 %
    - b beside p: matrix 100 %
    - b beside q: idle 100 %
    """
    lines = []
    for case in dict.fromkeys(row["case"] for row in rows):
        here = runs([row for row in rows if row["case"] == case])
        for run in here:
            first, parts = run[0], []
            if first.get("breakdown"):
                parts.append(breakdown(first["breakdown"]))
            if first.get("phases"):
                parts.append("of a step " + breakdown(first["phases"]))
            if first.get("breakdown") and first.get("limit_gflops"):
                parts.append(f"limit {number(first['limit_gflops'])} GFLOP/s")
            if first.get("peak_resident_bytes"):
                parts.append(memory(run))
            beside = " beside " + ", ".join(row["peer"] or "no peer" for row in run) if len(here) > 1 else ""
            if parts:
                lines.append(f"- {case}{beside}: {'; '.join(parts)}")
    # A suite of kernels has no such lines, but one limit for all of them.
    limits = sorted({round(row["limit_gflops"]) for row in rows if row.get("limit_gflops") and not row.get("breakdown")})
    if limits:
        lines.append(f"- FMA limit: {', '.join(map(str, limits))} GFLOP/s")
    return lines


def markdown(rows):
    """The whole file.

    >>> print(markdown([{"suite": "s", "case": "c", "unit": "ms", "ours": 2.0, "peer": "p", "peer_value": 5.0,
    ...                  "ratio": 2.5, "spread": 0.1, "peer_spread": 0.2, "rounds": 3}]).split("## ")[1])
    s
    <BLANKLINE>
    | case | ours | peer | peer's | ratio | spread | rounds | of FMA limit | others | measured |
    |---|---:|---|---:|---:|---:|---:|---:|---:|---:|
    | c | 2 ms | p | 5 | **2.50** | 10 % / 20 % | 3 | - | - | - |
    <BLANKLINE>
    """
    parts = [HEAD]
    for suite in dict.fromkeys(row["suite"] for row in rows):
        here = [row for row in rows if row["suite"] == suite]
        lines = ["| case | ours | peer | peer's | ratio | spread | rounds | of FMA limit | others | measured |",
                 "|---|---:|---|---:|---:|---:|---:|---:|---:|---:|", *map(line, here)]
        notes = details(here)
        if notes:
            lines += ["", "Where the lanes' time goes, and memory:", "", *notes]
        if conditions(here):
            lines += ["", *(f"Measured {text}" for text in conditions(here))]
        parts.append(f"## {suite}\n\n" + "\n".join(lines) + "\n")
    return "\n".join(parts)


def main():
    here = pathlib.Path(__file__).resolve().parent
    (here / "RESULTS.md").write_text(markdown(json.loads((here / "results.json").read_text())))


if __name__ == "__main__":
    main()
