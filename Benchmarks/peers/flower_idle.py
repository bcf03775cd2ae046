"""Flower's simulation engine with clients that return the model untouched: median milliseconds a round.

usage: flower_idle.py CLIENTS PARAMETERS ROUNDS
"""
import logging
import sys
import time

import numpy as np
from flwr.client import ClientApp, NumPyClient
from flwr.common import ndarrays_to_parameters
from flwr.server import ServerApp, ServerAppComponents, ServerConfig
from flwr.server.strategy import FedAvg
from flwr.simulation import run_simulation

clients, parameters, rounds = map(int, sys.argv[1:4])
times = []


class Idle(NumPyClient):
    def fit(self, weights, config):
        return weights, 100, {}


def evaluate(number, weights, config):
    times.append(time.perf_counter())
    return 0.0, {}


def server(context):
    strategy = FedAvg(
        fraction_fit=1.0, fraction_evaluate=0.0, min_fit_clients=clients, min_available_clients=clients,
        evaluate_fn=evaluate, initial_parameters=ndarrays_to_parameters([np.zeros(parameters, np.float32)]))
    return ServerAppComponents(strategy=strategy, config=ServerConfig(num_rounds=rounds))


logging.getLogger("flwr").setLevel(logging.ERROR)
run_simulation(
    ServerApp(server_fn=server), ClientApp(client_fn=lambda context: Idle().to_client()), num_supernodes=clients,
    backend_config={"client_resources": {"num_cpus": 1, "num_gpus": 0}})
between = sorted(b - a for a, b in zip(times[1:], times[2:]))
print(round(between[len(between) // 2] * 1e3, 1), flush=True)
