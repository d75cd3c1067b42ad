/// The tables of a run's file, version by version. A version that has been released is never edited.
///
/// Times are nanoseconds since the run's start; `run.started_wall` says when that was. What starts with `v_` is meant
/// for other programs and keeps its columns; tables may change with the version. Of `buffer_event` the column
/// `staleness_bound` is always 0, and nobody reads it.
enum RunSchema {
    /// `PRAGMA application_id`: "ckpt" in ASCII.
    static let applicationID: Int64 = 0x636b_7074

    static let migrations = [version1Tables + version1Views, version2]

    /// A checksum for each row of records, and for the two halves of the run's own row; rows of version 1 keep NULL.
    /// `closed` is 0 as long as a log belongs to the file.
    private static let version2 = """
        ALTER TABLE lifecycle ADD COLUMN crc INTEGER;
        ALTER TABLE attempt ADD COLUMN crc INTEGER;
        ALTER TABLE source ADD COLUMN crc INTEGER;
        ALTER TABLE span ADD COLUMN crc INTEGER;
        ALTER TABLE buffer_event ADD COLUMN crc INTEGER;
        ALTER TABLE device_sample ADD COLUMN crc INTEGER;
        ALTER TABLE log ADD COLUMN crc INTEGER;
        ALTER TABLE worker ADD COLUMN crc INTEGER;
        ALTER TABLE worker_event ADD COLUMN crc INTEGER;
        ALTER TABLE run ADD COLUMN crc INTEGER;
        ALTER TABLE run ADD COLUMN state_crc INTEGER;
        ALTER TABLE run ADD COLUMN closed INTEGER NOT NULL DEFAULT 1;

        """

    private static let version1Tables = """
        CREATE TABLE run (
          one INTEGER PRIMARY KEY CHECK (one = 1),
          experiment TEXT NOT NULL, trial TEXT NOT NULL,
          started_wall INTEGER NOT NULL, total_steps INTEGER NOT NULL,
          header TEXT NOT NULL,
          status TEXT NOT NULL, status_detail TEXT NOT NULL, status_time INTEGER NOT NULL,
          orchestrator_pid INTEGER, orchestrator_start_ticks INTEGER,
          end_time INTEGER NOT NULL, durable INTEGER NOT NULL DEFAULT 0
        );
        CREATE TABLE lifecycle (
          id INTEGER PRIMARY KEY, time INTEGER NOT NULL, kind TEXT NOT NULL, status TEXT,
          worker TEXT NOT NULL, detail TEXT NOT NULL
        );
        CREATE INDEX lifecycle_time ON lifecycle (time);
        CREATE TABLE attempt (
          number INTEGER PRIMARY KEY, resume_step INTEGER NOT NULL, time INTEGER NOT NULL, reason TEXT NOT NULL
        );
        CREATE TABLE source (
          name TEXT NOT NULL, epoch INTEGER NOT NULL, seq INTEGER NOT NULL, dropped INTEGER NOT NULL,
          PRIMARY KEY (name, epoch)
        ) WITHOUT ROWID;
        CREATE TABLE series (
          id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, n INTEGER NOT NULL, last_attempt INTEGER NOT NULL,
          last_step INTEGER NOT NULL, last_time INTEGER NOT NULL, last REAL, crc INTEGER NOT NULL
        );
        CREATE TABLE column_set (
          id INTEGER PRIMARY KEY, series TEXT NOT NULL UNIQUE, crc INTEGER NOT NULL
        );
        CREATE TABLE tail (
          id INTEGER PRIMARY KEY, attempt INTEGER NOT NULL, step INTEGER NOT NULL, time INTEGER NOT NULL,
          packed BLOB NOT NULL, crc INTEGER NOT NULL
        );
        CREATE TABLE block (
          id INTEGER PRIMARY KEY, column_set INTEGER NOT NULL, attempt INTEGER NOT NULL, n INTEGER NOT NULL,
          first_step INTEGER NOT NULL, last_step INTEGER NOT NULL, stride INTEGER, steps BLOB,
          first_time INTEGER NOT NULL, last_time INTEGER NOT NULL, times BLOB NOT NULL, crc INTEGER NOT NULL
        );
        CREATE TABLE chunk (
          id INTEGER PRIMARY KEY, series INTEGER NOT NULL, block INTEGER NOT NULL, n INTEGER NOT NULL,
          not_finite INTEGER NOT NULL, lo REAL, hi REAL, sum REAL, last REAL, summary_crc INTEGER NOT NULL,
          crc INTEGER NOT NULL, blob BLOB NOT NULL
        );
        CREATE INDEX chunk_summary ON chunk (series, block, n, not_finite, lo, hi, sum, last, summary_crc);
        CREATE TABLE span (
          id INTEGER PRIMARY KEY, attempt INTEGER NOT NULL, worker TEXT NOT NULL, number INTEGER NOT NULL,
          mfc TEXT NOT NULL, phase TEXT NOT NULL, interface_type TEXT NOT NULL, role TEXT NOT NULL,
          step INTEGER NOT NULL, start INTEGER NOT NULL, end INTEGER,
          sequences INTEGER NOT NULL, tokens INTEGER NOT NULL, weight_version INTEGER NOT NULL,
          UNIQUE (attempt, worker, number)
        );
        CREATE INDEX span_start ON span (start);
        CREATE INDEX span_worker ON span (worker, start);
        CREATE TABLE buffer_event (
          id INTEGER PRIMARY KEY, attempt INTEGER NOT NULL, time INTEGER NOT NULL, step INTEGER NOT NULL,
          event TEXT NOT NULL, mfc TEXT NOT NULL, count INTEGER NOT NULL, size INTEGER NOT NULL,
          capacity INTEGER NOT NULL, being_read INTEGER NOT NULL, ready TEXT NOT NULL, staleness TEXT NOT NULL,
          staleness_bound INTEGER NOT NULL
        );
        CREATE INDEX buffer_event_time ON buffer_event (time);
        CREATE TABLE device_sample (
          id INTEGER PRIMARY KEY, time INTEGER NOT NULL, device TEXT NOT NULL, worker TEXT NOT NULL, name TEXT NOT NULL,
          utilisation REAL, memory_used INTEGER NOT NULL, memory_total INTEGER NOT NULL, temperature REAL, power REAL
        );
        CREATE INDEX device_sample_time ON device_sample (time);
        CREATE TABLE log (
          id INTEGER PRIMARY KEY, time INTEGER NOT NULL, worker TEXT NOT NULL, level INTEGER NOT NULL,
          message TEXT NOT NULL
        );
        CREATE INDEX log_level_time ON log (level, time);
        CREATE INDEX log_worker_level_time ON log (worker, level, time);
        CREATE TABLE worker (
          id TEXT PRIMARY KEY, time INTEGER NOT NULL, state TEXT NOT NULL, detail TEXT NOT NULL, mfc TEXT NOT NULL,
          step INTEGER NOT NULL, pid INTEGER NOT NULL, restarts INTEGER NOT NULL, weight_version INTEGER NOT NULL
        ) WITHOUT ROWID;
        CREATE TABLE worker_event (
          id INTEGER PRIMARY KEY, time INTEGER NOT NULL, worker TEXT NOT NULL, state TEXT NOT NULL, detail TEXT NOT NULL,
          mfc TEXT NOT NULL, step INTEGER NOT NULL, pid INTEGER NOT NULL, restarts INTEGER NOT NULL,
          weight_version INTEGER NOT NULL
        );
        CREATE INDEX worker_event_worker ON worker_event (worker, time);
        CREATE INDEX worker_event_time ON worker_event (time);
        CREATE TABLE checkpoint (
          id INTEGER PRIMARY KEY, attempt INTEGER NOT NULL, time INTEGER NOT NULL, step INTEGER NOT NULL,
          role TEXT NOT NULL, path TEXT NOT NULL, bytes INTEGER NOT NULL, crc INTEGER NOT NULL,
          UNIQUE (attempt, role, step)
        );

        """

    private static let version1Views = """
        CREATE VIEW v_run AS
          SELECT experiment, trial, started_wall, total_steps, status, status_detail, orchestrator_pid,
            (SELECT COUNT(*) FROM attempt) AS attempts, end_time FROM run;
        CREATE VIEW v_metric_last AS
          SELECT key AS name, n AS count, last_step AS step, last_time AS time, last AS value FROM series;
        CREATE VIEW v_span AS
          SELECT attempt, worker, mfc, phase, interface_type, role, step, start, end, end - start AS duration,
            sequences, tokens, weight_version FROM span;
        CREATE VIEW v_event AS
          SELECT time, kind, worker, detail FROM lifecycle
          UNION ALL SELECT time, 'worker_' || state, worker, detail FROM worker_event;
        CREATE VIEW v_checkpoint AS SELECT attempt, time, step, role, path, bytes FROM checkpoint;
        CREATE VIEW v_log AS
          SELECT id, time, worker,
            CASE level WHEN 0 THEN 'debug' WHEN 1 THEN 'info' WHEN 2 THEN 'warning' ELSE 'error' END AS level,
            message FROM log;

        """
}
