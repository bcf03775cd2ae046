"""PyTorch's time for one training step of 784-200-200-10 (softmax cross-entropy, SGD): median microseconds, one line a batch size.

usage: torch_step.py THREADS BATCH...
"""
import statistics
import sys
import time

import torch
from torch import nn

torch.set_num_threads(int(sys.argv[1]))
torch.manual_seed(0)
for batch in map(int, sys.argv[2:]):
    model = nn.Sequential(nn.Linear(784, 200), nn.ReLU(), nn.Linear(200, 200), nn.ReLU(), nn.Linear(200, 10))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    loss = nn.CrossEntropyLoss()
    x, y = torch.randn(batch, 784), torch.randint(0, 10, (batch,))

    def run(steps):
        start = time.perf_counter()
        for _ in range(steps):
            optimizer.zero_grad()
            loss(model(x), y).backward()
            optimizer.step()
        return (time.perf_counter() - start) / steps

    run(20)
    print(batch, round(statistics.median(run(200) for _ in range(5)) * 1e6, 1), flush=True)
