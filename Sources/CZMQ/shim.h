// The door to libzmq: what Swift needs and cannot import by itself, nothing else.
#ifndef FAGURE_CZMQ_SHIM_H
#define FAGURE_CZMQ_SHIM_H

#include <errno.h>
#include <string.h>
#include <zmq.h>

#if defined(__linux__)
#include <sys/eventfd.h>
#include <sys/prctl.h>

// Swift's Glibc module leaves <sys/eventfd.h> out, and its flags are enum constants that import awkwardly.
static inline int fagure_eventfd(void) {
    return eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
}

// `pthread_setname_np` hides behind _GNU_SOURCE, and `prctl` is variadic, which Swift cannot call.
static inline void fagure_name_thread(const char *name) {
    prctl(PR_SET_NAME, name, 0, 0, 0);
}
#endif

#endif
