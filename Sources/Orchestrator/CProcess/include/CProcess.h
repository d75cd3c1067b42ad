#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

// How a child process is started. Everything not named here is reset: signal handlers and mask, standard input from
// /dev/null, every other descriptor closed at exec.
struct cprocess_options {
    const char *path;
    char *const *arguments;      // ends with NULL
    char *const *environment;    // ends with NULL
    int output;                  // becomes standard output and error; -1: /dev/null
    int inherited;               // becomes descriptor 3 of the child; -1: none
    int own_session;             // 1: a new session, survives the terminal; 0: only a new process group
    int death_signal;            // sent to the child when the spawning *thread* ends; 0: none
    const int *ignored;          // signals that are ignored from its first instruction on
    size_t ignored_count;
};

// Starts a child and waits until it has called exec. Returns 0, or a negated errno: of clone, or of the child's exec.
int cprocess_spawn(const struct cprocess_options *options, pid_t *pid, int *pidfd);

enum cprocess_end { CPROCESS_ALIVE = 0, CPROCESS_EXITED = 1, CPROCESS_SIGNALLED = 2 };

// Reaps the child behind a pidfd without blocking; *value is its exit code or the signal. Negated errno on failure.
int cprocess_reap(int pidfd, int *value);

// A pipe whose ends close at exec. 0 or -errno.
int cprocess_pipe(int *ends);

// A pidfd of any process, -errno when there is none.
int cprocess_open(pid_t pid);

// Blocks the signals in the calling thread (and those it starts later) and returns a non-blocking signalfd for them.
int cprocess_signal_descriptor(const int *signals, size_t count);
// The next signal waiting on that descriptor, 0 when there is none.
int cprocess_next_signal(int descriptor);

// Locks the whole file for as long as this opening of it lasts: 0, -EAGAIN where another holds it, -errno otherwise.
int cprocess_lock(int descriptor);
// Lets go of it, also where a child that has not called exec yet shares the open file. 0, or -errno.
int cprocess_unlock(int descriptor);
// Whether somebody holds such a lock: 1 or 0, -errno where the file system cannot say. Asking takes no lock.
int cprocess_is_locked(int descriptor);

// Cores that the affinity mask of this process allows: a login node or a container may allow fewer than there are.
int cprocess_allowed_cores(void);

// One sample of one GPU.
struct cprocess_gpu {
    char name[96];
    double utilisation;          // 0..1
    uint64_t memory_used;        // bytes
    uint64_t memory_total;       // bytes
    double temperature;          // degrees Celsius, 0 when unknown
    double power;                // watts, 0 when unknown
};

typedef struct cprocess_nvml cprocess_nvml;
// Loads NVML and initialises it; NULL where it is not there or finds no driver.
cprocess_nvml *cprocess_nvml_open(const char *library);
unsigned cprocess_nvml_count(const cprocess_nvml *nvml);
// 0, or NVML's error code when the GPU does not answer.
int cprocess_nvml_sample(const cprocess_nvml *nvml, unsigned index, struct cprocess_gpu *sample);
void cprocess_nvml_close(cprocess_nvml *nvml);
