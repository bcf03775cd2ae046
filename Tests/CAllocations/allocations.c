// Defined in the program, these take the place of the C library's functions of the same names, for the libraries it
// loads too, and pass every call on to what glibc keeps under its own names. Sanitizers do the same and must win.
#include "allocations.h"

#include <stddef.h>
#include <stdlib.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define IS_SANITIZED 1
#endif
#endif

#if defined(__linux__) && defined(__GLIBC__) && !defined(IS_SANITIZED)

#include <errno.h>

void *__libc_malloc(size_t);
void *__libc_calloc(size_t, size_t);
void *__libc_realloc(void *, size_t);
void *__libc_memalign(size_t, size_t);

// initial-exec: the usual model may itself allocate on a thread's first access.
static __thread __attribute__((tls_model("initial-exec"))) int is_counting;
static __thread __attribute__((tls_model("initial-exec"))) long count;

static void note(void) {
    if (is_counting) {
        count++;
    }
}

void *malloc(size_t size) {
    note();
    return __libc_malloc(size);
}

void *calloc(size_t number, size_t size) {
    note();
    return __libc_calloc(number, size);
}

void *realloc(void *pointer, size_t size) {
    note();
    return __libc_realloc(pointer, size);
}

void *aligned_alloc(size_t alignment, size_t size) {
    note();
    return __libc_memalign(alignment, size);
}

int posix_memalign(void **pointer, size_t alignment, size_t size) {
    note();
    *pointer = __libc_memalign(alignment, size);
    return *pointer ? 0 : ENOMEM;
}

void allocations_start(void) {
    count = 0;
    is_counting = 1;
}

long allocations_stop(void) {
    is_counting = 0;
    return count;
}

int allocations_are_counted(void) { return 1; }

#else

void allocations_start(void) {}

long allocations_stop(void) { return -1; }

int allocations_are_counted(void) { return 0; }

#endif
