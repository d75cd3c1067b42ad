"""Peer of the transport suite: 100 metrics a step through ZeroMQ into SQLite, acknowledged after COMMIT, in Python.

Sender and receiver are two processes over ipc, as ours are. The receiver stores narrow rows with executemany and commits
each batch of 100 steps before it acknowledges it. Prints {"valuesPerSecond", "bytesPerValue"}.
"""
import json, multiprocessing, os, pickle, sqlite3, sys, tempfile, time
import zmq

METRICS, STEPS, BATCH, WINDOW = 100, 2000, 100, 8


def send(address):
    socket = zmq.Context().socket(zmq.DEALER)
    socket.connect(address)
    open_batches = 0
    for start in range(0, STEPS, BATCH):
        rows = [(series, step, 0.5 * step + series) for step in range(start, start + BATCH) for series in range(METRICS)]
        socket.send(pickle.dumps(rows))
        open_batches += 1
        while open_batches >= WINDOW:
            socket.recv()
            open_batches -= 1
    while open_batches:
        socket.recv()
        open_batches -= 1


def main():
    with tempfile.TemporaryDirectory(prefix="ckp") as folder:
        path, address = os.path.join(folder, "run.sqlite"), f"ipc://{folder}/s"
        database = sqlite3.connect(path)
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("PRAGMA synchronous=NORMAL")
        database.execute("CREATE TABLE point(series INTEGER, step INTEGER, value REAL, PRIMARY KEY(series, step)) WITHOUT ROWID")
        router = zmq.Context().socket(zmq.ROUTER)
        router.bind(address)
        begin = time.monotonic()
        sender = multiprocessing.Process(target=send, args=(address,))
        sender.start()
        for _ in range(0, STEPS, BATCH):
            identity, frame = router.recv_multipart()
            with database:
                database.executemany("INSERT INTO point VALUES(?,?,?)", pickle.loads(frame))
            router.send_multipart([identity, b"ok"])
        seconds = time.monotonic() - begin
        sender.join()
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        database.close()
        values = METRICS * STEPS
        print(json.dumps({"valuesPerSecond": values / seconds, "bytesPerValue": os.path.getsize(path) / values}))


if __name__ == "__main__":
    sys.exit(main())
