#define _GNU_SOURCE
#include "CProcess.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef CLOSE_RANGE_CLOEXEC
#define CLOSE_RANGE_CLOEXEC (1U << 2)
#endif

// Below this number descriptors are replaced in the child, so what it still needs is moved above it.
enum { FIRST_SAFE_DESCRIPTOR = 16 };

// Runs in the child between clone and exec: only calls that are safe after fork in a threaded program.
static int duplicate_to(int from, int to) {
    return dup2(from, to) < 0 ? -1 : 0;
}

static void close_the_rest_at_exec(unsigned first) {
    if (syscall(SYS_close_range, first, ~0U, CLOSE_RANGE_CLOEXEC) == 0) return;
    // Kernels before 5.11: mark them one by one.
    struct rlimit limit;
    unsigned end = 65536;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < end) end = (unsigned)limit.rlim_cur;
    for (unsigned descriptor = first; descriptor < end; descriptor++) fcntl((int)descriptor, F_SETFD, FD_CLOEXEC);
}

static void reset_signals(void) {
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = SIG_DFL;
    for (int number = 1; number < NSIG; number++) sigaction(number, &action, NULL);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

static int prepare_child(const struct cprocess_options *options, pid_t parent, int output, int inherited) {
    reset_signals();
    // What is ignored stays ignored over exec, so there is no moment in which the program could die of one.
    for (size_t index = 0; index < options->ignored_count; index++) signal(options->ignored[index], SIG_IGN);
    if (options->own_session ? setsid() < 0 : setpgid(0, 0) < 0) return -1;
    if (options->death_signal) {
        if (prctl(PR_SET_PDEATHSIG, options->death_signal) < 0) return -1;
        // The parent may have ended before the signal was asked for.
        if (getppid() != parent) raise(options->death_signal);
    }
    int null = open("/dev/null", O_RDWR);
    if (null < 0) return -1;
    int target = output >= 0 ? output : null;
    if (duplicate_to(null, 0) < 0 || duplicate_to(target, 1) < 0 || duplicate_to(target, 2) < 0) return -1;
    if (inherited >= 0 && duplicate_to(inherited, 3) < 0) return -1;
    close_the_rest_at_exec(inherited >= 0 ? 4 : 3);
    return 0;
}

static void run_child(const struct cprocess_options *options, pid_t parent, int report, int output, int inherited) {
    if (prepare_child(options, parent, output, inherited) == 0)
        execve(options->path, options->arguments, options->environment);
    int error = errno;
    ssize_t written = write(report, &error, sizeof error);
    (void)written;
    _exit(127);
}

// clone3 with a pidfd, or fork and pidfd_open where the kernel or a sandbox has no clone3.
static pid_t clone_with_descriptor(int *pidfd) {
    struct clone_args arguments;
    memset(&arguments, 0, sizeof arguments);
    arguments.flags = CLONE_PIDFD;
    arguments.pidfd = (uint64_t)(uintptr_t)pidfd;
    arguments.exit_signal = SIGCHLD;
    pid_t pid = (pid_t)syscall(SYS_clone3, &arguments, sizeof arguments);
    if (pid >= 0 || (errno != ENOSYS && errno != EPERM)) return pid;
    pid = fork();
    // A child that is not reaped keeps its pid, so this cannot open somebody else's.
    if (pid > 0) *pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
    return pid;
}

static int moved_up(int descriptor) {
    return descriptor < 0 ? -1 : fcntl(descriptor, F_DUPFD_CLOEXEC, FIRST_SAFE_DESCRIPTOR);
}

static void close_if_open(int descriptor) {
    if (descriptor >= 0) close(descriptor);
}

// Waits for the exec: the pipe closes when it succeeds and carries errno when it does not.
static int exec_error(int report) {
    int error = 0;
    ssize_t got;
    do got = read(report, &error, sizeof error); while (got < 0 && errno == EINTR);
    return got == (ssize_t)sizeof error ? error : 0;
}

int cprocess_spawn(const struct cprocess_options *options, pid_t *pid, int *pidfd) {
    int pipe_ends[2];
    if (pipe2(pipe_ends, O_CLOEXEC) < 0) return -errno;
    int report = moved_up(pipe_ends[1]), output = moved_up(options->output), inherited = moved_up(options->inherited);
    close(pipe_ends[1]);
    if (report < 0 || (options->output >= 0 && output < 0) || (options->inherited >= 0 && inherited < 0)) {
        int error = errno;
        close(pipe_ends[0]);
        close_if_open(report), close_if_open(output), close_if_open(inherited);
        return -error;
    }
    // Nothing may be delivered to the child before its handlers are reset: they are the parent's, with its memory.
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pid_t parent = getpid();
    *pidfd = -1;
    pid_t child = clone_with_descriptor(pidfd);
    if (child == 0) run_child(options, parent, report, output, inherited);
    int error = child < 0 ? errno : 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    close(report), close_if_open(output), close_if_open(inherited);
    if (child > 0) error = exec_error(pipe_ends[0]);
    close(pipe_ends[0]);
    if (error && child > 0) {
        int ignored;
        siginfo_t info;
        do ignored = waitid(P_PID, (id_t)child, &info, WEXITED); while (ignored < 0 && errno == EINTR);
        close_if_open(*pidfd);
    }
    if (error) return -error;
    *pid = child;
    return 0;
}

// Of the open file and not of the process: it stays when another descriptor of the file is closed.
int cprocess_lock(int descriptor) {
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    return fcntl(descriptor, F_OFD_SETLK, &lock) == 0 ? 0 : -errno;
}

int cprocess_unlock(int descriptor) {
    struct flock lock = {.l_type = F_UNLCK, .l_whence = SEEK_SET};
    return fcntl(descriptor, F_OFD_SETLK, &lock) == 0 ? 0 : -errno;
}

int cprocess_is_locked(int descriptor) {
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    if (fcntl(descriptor, F_OFD_GETLK, &lock) != 0) return -errno;
    return lock.l_type != F_UNLCK;
}
