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

// glibc hides the macro unless _GNU_SOURCE is set for the whole translation unit; its value there is the null handle.
#ifndef RTLD_DEFAULT
#define RTLD_DEFAULT ((void *)0)
#endif

// One compute thread per job: the OpenMP team size is a setting of the calling thread. The function is looked up, not
// linked, because which OpenMP runtime oneDNN brought along (libgomp, libomp, none at all) differs by system.
static inline void fagure_use_one_compute_thread(void) {
    void (*set_thread_count)(int) = (void (*)(int))dlsym(RTLD_DEFAULT, "omp_set_num_threads");
    if (set_thread_count) {
        set_thread_count(1);
    }
}

#endif
