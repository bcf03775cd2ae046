"""PyTorch's time for the tutorial's training step: four rows, Linear(2, 1), sum of squares, SGD; median microseconds.

usage: torch_tutorial.py THREADS
"""
import statistics
import sys
import time

import torch
from torch import nn

torch.set_num_threads(int(sys.argv[1]))
torch.manual_seed(0)
model = nn.Linear(2, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
x = torch.tensor([[0, 0], [0, 1], [1, 0], [1, 1.0]])
y = torch.tensor([[0], [0], [1], [1.0]])


def run(steps):
    start = time.perf_counter()
    for _ in range(steps):
        optimizer.zero_grad()
        loss = ((model(x) - y) ** 2).sum()
        loss.backward()
        optimizer.step()
        loss.item()
    return (time.perf_counter() - start) / steps


run(500)
print(round(statistics.median(run(1000) for _ in range(5)) * 1e6, 1), flush=True)
