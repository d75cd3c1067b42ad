// What Protocol/Transport needs from C: libzmq, and eventfd, which Swift's Glibc module does not import.
#ifndef COCKPIT_CZEROMQ_H
#define COCKPIT_CZEROMQ_H

#include <sys/eventfd.h>
#include <zmq.h>

static inline int transport_eventfd(void) {
    return eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
}

#endif
