"""Benchmarks/RESULTS.md out of Benchmarks/results.json; what it adds is order and rounding, no figure of its own."""

HEAD = """# Benchmark results

Written by `scripts/bench` (`make bench`); do not edit. Ours and the peers run in turn in one run, so trust ratios before
figures: the machine is shared. A ratio above 1 means that we are ahead: medians of all rounds, then, after the slash, the best
round of each. Spread is (largest - smallest) / median of our rounds, the peer's after the slash. How each suite measures is told in `Benchmarks/README.md`.
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
    """Rows of `old` whose suite and case were not measured again, and all of `new`, in order.

    >>> rows = merged([{"suite": "s", "case": "a", "peer": "p"}, {"suite": "s", "case": "b", "peer": "p"}],
    ...               [{"suite": "s", "case": "a", "peer": None}])
    >>> [(row["case"], row["peer"]) for row in rows]
    [('a', None), ('b', 'p')]
    """
    measured = {(row["suite"], row["case"]) for row in new}
    kept = [row for row in old if (row["suite"], row["case"]) not in measured]
    return sorted(kept + new, key=lambda row: (row["suite"], row["case"], row.get("peer") or ""))


def line(row):
    spreads = share(row["spread"]) + (f" / {share(row['peer_spread'])}" if row.get("peer_spread") is not None else "")
    ratio = f"**{row['ratio']:.2f}**" if row.get("ratio") else "-"
    if row.get("best_ratio"):
        ratio += f" / {row['best_ratio']:.2f}"
    peer = row["peer"] or "no peer could run"
    return (
        f"| {row['case']} | {number(row['ours'])} {row['unit']} | {peer} | {number(row['peer_value'])} | {ratio} | "
        f"{spreads} | {row.get('rounds', '-')} | {share(row.get('share_of_limit'))} |")


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


def details(rows):
    """Breakdown and memory, once a case."""
    seen = {}
    for row in rows:
        words = []
        if row.get("breakdown"):
            words.append(breakdown(row["breakdown"]))
        if row.get("limit_gflops"):
            words.append(f"limit {number(row['limit_gflops'])} GFLOP/s")
        if row.get("peak_resident_bytes"):
            theirs = row.get("peer_peak_resident_bytes")
            other = f" ({row['peer']} {number(theirs / (1 << 20))})" if theirs else ""
            words.append(f"peak resident {number(row['peak_resident_bytes'] / (1 << 20))} MiB{other}")
        if words and row["case"] not in seen:
            seen[row["case"]] = f"- {row['case']}: {'; '.join(words)}"
    return list(seen.values())


def markdown(rows):
    """The whole file.

    >>> print(markdown([{"suite": "s", "case": "c", "unit": "ms", "ours": 2.0, "peer": "p", "peer_value": 5.0,
    ...                  "ratio": 2.5, "spread": 0.1, "peer_spread": 0.2, "rounds": 3}]).split("## ")[1])
    s
    <BLANKLINE>
    | case | ours | peer | peer's | ratio | spread | rounds | of FMA limit |
    |---|---:|---|---:|---:|---:|---:|---:|
    | c | 2 ms | p | 5 | **2.50** | 10 % / 20 % | 3 | - |
    <BLANKLINE>
    """
    parts = [HEAD]
    for suite in dict.fromkeys(row["suite"] for row in rows):
        here = [row for row in rows if row["suite"] == suite]
        lines = ["| case | ours | peer | peer's | ratio | spread | rounds | of FMA limit |",
                 "|---|---:|---|---:|---:|---:|---:|---:|", *map(line, here)]
        notes = details(here)
        if notes:
            lines += ["", "Where the lanes' time goes, and memory:", "", *notes]
        if conditions(here):
            lines += ["", *(f"Measured {text}" for text in conditions(here))]
        parts.append(f"## {suite}\n\n" + "\n".join(lines) + "\n")
    return "\n".join(parts)
