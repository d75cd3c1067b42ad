#!/usr/bin/env python3
"""The store's workload in plain rows: Python's sqlite3, executemany, a commit each 100 steps.

Prints one JSON object: values a second, bytes a value, milliseconds to reduce one series to columns.
Usage: peer_sqlite.py FOLDER [--series N] [--steps N] [--points N] [--columns N]
"""
import argparse
import json
import math
import os
import random
import sqlite3
import statistics
import struct
import time


def float32(value):
    return struct.unpack("f", struct.pack("f", value))[0]


def value_of(series, step, rng):
    kind = series % 5
    if kind == 0:
        return float32(4 / (1 + step / 500) + 0.1 * rng.random())
    if kind == 1:
        return 3e-4 * 0.5 * (1 + math.cos(math.pi * step / 100_000))
    if kind == 2:
        return float(round(4096 + 512 * rng.random()))
    if kind == 3:
        return float32(0.25 + 0.05 * rng.random())
    return float(int(16 * rng.random()))


def open_database(path):
    database = sqlite3.connect(path, isolation_level=None)
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA synchronous = NORMAL")
    database.execute(
        "CREATE TABLE metric (series INTEGER, step INTEGER, time INTEGER, value REAL,"
        " PRIMARY KEY (series, step)) WITHOUT ROWID"
    )
    return database


def write(path, series, steps):
    rng = random.Random(42)
    database = open_database(path)
    seconds = cpu = worst = 0.0
    for start in range(1, steps + 1, 100):
        rows = [
            (one, step, step * 10_000_000, value_of(one, step, rng))
            for step in range(start, min(start + 100, steps + 1))
            for one in range(series)
        ]
        begin, cpu_begin = time.perf_counter(), time.process_time()
        database.execute("BEGIN")
        database.executemany("INSERT INTO metric VALUES (?, ?, ?, ?)", rows)
        before_commit = time.perf_counter()
        database.execute("COMMIT")
        end = time.perf_counter()
        seconds += end - begin
        cpu += time.process_time() - cpu_begin
        worst = max(worst, end - before_commit)
    begin = time.perf_counter()
    database.close()
    seconds += time.perf_counter() - begin
    return seconds, cpu, worst, os.stat(path).st_size


def reduce_series(path, columns):
    database = sqlite3.connect(path)
    timings = []
    for series in range(20):
        begin = time.perf_counter()
        low, high = database.execute("SELECT MIN(step), MAX(step) FROM metric WHERE series = ?", (series,)).fetchone()
        database.execute(
            "SELECT (step - ?) * ? / ? AS bucket, COUNT(*), MIN(value), MAX(value), AVG(value) FROM metric"
            " WHERE series = ? GROUP BY bucket",
            (low, columns, high - low + 1, series),
        ).fetchall()
        timings.append(time.perf_counter() - begin)
    return statistics.median(timings)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder")
    parser.add_argument("--series", type=int, default=100)
    parser.add_argument("--steps", type=int, default=10_000)
    parser.add_argument("--points", type=int, default=100_000)
    parser.add_argument("--columns", type=int, default=200)
    options = parser.parse_args()
    path = lambda name: os.path.join(options.folder, name)
    empty = write(path("peer-empty.sqlite"), options.series, 0)[3]
    seconds, cpu, worst, size = write(path("peer-ingest.sqlite"), options.series, options.steps)
    write(path("peer-read.sqlite"), 20, options.points)
    values = options.series * options.steps
    print(
        json.dumps(
            {
                "peer": f"Python sqlite3 {sqlite3.sqlite_version}, executemany, commit each 100 steps",
                "series": options.series,
                "steps": options.steps,
                "valuesPerSecond": values / seconds,
                "cpuSecondsPerMillionValues": cpu / values * 1e6,
                "bytesPerValue": (size - empty) / values,
                "worstCommitMilliseconds": worst * 1e3,
                "reduceMilliseconds": reduce_series(path("peer-read.sqlite"), options.columns) * 1e3,
                "reducedPoints": options.points,
                "reducedColumns": options.columns,
            }
        )
    )


if __name__ == "__main__":
    main()
