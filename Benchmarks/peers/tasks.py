"""One task's time through a scheduler a user might pick instead, with one worker: median microseconds, then tasks a second.

usage: tasks.py ipyparallel|dask
"""
import sys
import time

import numpy as np

array = np.zeros(16, np.float32)  # 64 bytes


def negate(x):
    return -x


def measure(call, many):
    for _ in range(20):
        call()
    times = []
    for _ in range(200):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    start = time.perf_counter()
    many(1_000)
    rate = 1_000 / (time.perf_counter() - start)
    print(round(sorted(times)[100] * 1e6, 1), round(rate, 1), flush=True)


if __name__ == "__main__":
    if sys.argv[1] == "ipyparallel":
        import ipyparallel

        with ipyparallel.Cluster(n=1, log_level=40) as client:
            client.wait_for_engines(1)
            view, balanced = client[0], client.load_balanced_view()
            measure(
                lambda: view.apply_sync(negate, array),
                lambda n: [r.get() for r in [balanced.apply_async(negate, array) for _ in range(n)]],
            )
    else:
        import distributed

        with distributed.LocalCluster(n_workers=1, threads_per_worker=1, processes=True, dashboard_address=None) as cluster:
            with distributed.Client(cluster) as client:
                measure(
                    lambda: client.submit(negate, array, pure=False).result(),
                    lambda n: client.gather([client.submit(negate, array, pure=False) for _ in range(n)]),
                )
