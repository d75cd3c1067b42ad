// Marks a function to be compiled once per instruction set and chosen by the loader (ifunc), where that exists.

#ifndef CKERNELS_CLONES_H
#define CKERNELS_CLONES_H

#include <stdint.h>  // defines __GLIBC__

#if defined(__x86_64__) && defined(__linux__) && defined(__GLIBC__)
#define CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define CLONES
#endif

#define INLINE static inline __attribute__((always_inline))

#endif
