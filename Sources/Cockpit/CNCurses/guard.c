// Restores the terminal when the process crashes. Everything that runs in the handler is async-signal-safe: write,
// tcsetattr, sigaction and raise, over memory that was filled before the handler was installed.
#define _GNU_SOURCE 1
#include "CNCurses.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

enum { CRASHES = 6, UNDO_CAPACITY = 256, STACK_SIZE = 64 * 1024 };

static const int crashes[CRASHES] = {SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGSEGV};
static struct sigaction previous[CRASHES];
static struct termios saved;
static volatile sig_atomic_t armed;
static int guarded = -1;
static char undo[UNDO_CAPACITY];
static size_t undo_length;
static char handler_stack[STACK_SIZE];

// A terminal that nobody reads (a stopped ssh, a closed lid) would block write for ever, so after 200 ms without room
// the rest is given up. tcflush is no help: a pseudo-terminal keeps its buffer.
static void send_undo(void) {
    int flags = fcntl(guarded, F_GETFL);
    if (flags >= 0) fcntl(guarded, F_SETFL, flags | O_NONBLOCK);
    size_t sent = 0;
    while (sent < undo_length) {
        ssize_t count = write(guarded, undo + sent, undo_length - sent);
        if (count > 0) {
            sent += (size_t)count;
            continue;
        }
        if (count < 0 && errno == EINTR) continue;
        struct pollfd room = {.fd = guarded, .events = POLLOUT};
        if (count == 0 || errno != EAGAIN || poll(&room, 1, 200) <= 0) break;
    }
    if (flags >= 0) fcntl(guarded, F_SETFL, flags);
}

void term_guard_restore(void) {
    if (!armed) return;
    send_undo();
    // TCSANOW, not TCSADRAIN: draining waits for a terminal that may never read.
    tcsetattr(guarded, TCSANOW, &saved);
}

static void on_crash(int number, siginfo_t *info, void *context) {
    (void)context;
    int error = errno;
    term_guard_restore();
    armed = 0;
    for (int i = 0; i < CRASHES; i++) sigaction(crashes[i], &previous[i], NULL);
    // A fault runs into the same instruction again after the return; a signal that was sent must be sent again.
    if (info->si_code <= 0 || number == SIGABRT) raise(number);
    errno = error;
}

bool term_guard_arm(int fd, const char *bytes, size_t length) {
    if (tcgetattr(fd, &saved) != 0 || length > UNDO_CAPACITY) return false;
    guarded = fd;
    memcpy(undo, bytes, length);
    undo_length = length;
    armed = 1;
    stack_t stack = {.ss_sp = handler_stack, .ss_size = STACK_SIZE};
    stack_t present;
    // Another owner of the alternate stack (Swift's backtracer) keeps it.
    if (sigaltstack(NULL, &present) == 0 && (present.ss_flags & SS_DISABLE)) sigaltstack(&stack, NULL);
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_sigaction = on_crash;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK;
    sigfillset(&action.sa_mask);
    for (int i = 0; i < CRASHES; i++) sigaction(crashes[i], &action, &previous[i]);
    return true;
}

void term_guard_disarm(void) {
    if (!armed) return;
    armed = 0;
    for (int i = 0; i < CRASHES; i++) sigaction(crashes[i], &previous[i], NULL);
}

bool term_raw(int fd) {
    struct termios settings;
    if (tcgetattr(fd, &settings) != 0) return false;
    cfmakeraw(&settings);
    settings.c_cc[VMIN] = 1;
    settings.c_cc[VTIME] = 0;
    return tcsetattr(fd, TCSANOW, &settings) == 0;
}
