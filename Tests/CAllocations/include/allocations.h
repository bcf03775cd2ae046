// Counts what one thread allocates, for tests that promise to allocate nothing.
#ifndef FAGURE_ALLOCATIONS_H
#define FAGURE_ALLOCATIONS_H

// Starts counting the calling thread's allocations at 0.
void allocations_start(void);

// Stops counting and returns the number; -1 where allocations cannot be counted.
long allocations_stop(void);

// Whether allocations can be counted here.
int allocations_are_counted(void);

#endif
