// The door to oneDNN: what Swift needs and cannot import by itself, nothing else.
#ifndef FAGURE_CONEDNN_SHIM_H
#define FAGURE_CONEDNN_SHIM_H

// Older Homebrew bottles install without the oneapi folder.
#if __has_include(<oneapi/dnnl/dnnl.h>)
#include <oneapi/dnnl/dnnl.h>
#else
#include <dnnl.h>
#endif
#include <dlfcn.h>

// glibc hides the macro unless _GNU_SOURCE is set for the whole translation unit; its value there is the null
// handle.
#ifndef RTLD_DEFAULT
#define RTLD_DEFAULT ((void *)0)
#endif

// One compute thread per job: the OpenMP team size is a setting of the calling thread. The function that sets
// it is looked up, not linked, because which OpenMP runtime oneDNN brought along (libgomp, libomp, none at
// all) differs by system; null where there is none.
typedef void (*fagure_thread_count_setter_t)(int);

static inline fagure_thread_count_setter_t fagure_thread_count_setter(void) {
    return (fagure_thread_count_setter_t)dlsym(RTLD_DEFAULT, "omp_set_num_threads");
}

#endif
