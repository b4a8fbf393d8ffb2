# The same networks, loss and optimiser in PyTorch, timed on request: one JSON object per line in, one out.
#
#   {"network": "cifar10", "batch": 50, "mode": "train", "threads": 2, "repeat": 5, "clock": "wall"}  ->  {"seconds": [...]}
#
# `train` times whole steps (zero_grad, forward, backward, Adam step), `score` evaluation without gradients. Networks, optimiser state
# and data stay between requests of the same network, batch and mode. The first line out says which version answers.

import json
import sys
import time

import torch
from torch import nn


def dense(widths):
    layers = []
    for i, (a, b) in enumerate(zip(widths, widths[1:])):
        layers.append(nn.Linear(a, b))
        if i < len(widths) - 2:
            layers += [nn.BatchNorm1d(b), nn.ReLU()]
    return layers


def block(layer, features, slope):
    return [layer, nn.BatchNorm2d(features), nn.LeakyReLU(slope)]


class OutputBias(nn.Module):
    def __init__(self, shape):
        super().__init__()
        self.b = nn.Parameter(torch.zeros(shape))

    def forward(self, x):
        return x + self.b


def tabular():
    widths = [274, 256, 128, 16]
    return nn.Sequential(*dense(widths)), nn.Sequential(*dense(widths[::-1])), (274,), 10.0


def mnist():
    def down(a, b, stride=1):
        return block(nn.Conv2d(a, b, 4, stride), b, 0.2)

    def up(a, b, stride=1):
        return block(nn.ConvTranspose2d(a, b, 4, stride), b, 0.2)

    encoder = nn.Sequential(*down(1, 64), *down(64, 128), *down(128, 256, 2), *down(256, 512), nn.Conv2d(512, 64, 4), nn.Flatten(),
                            nn.Linear(1024, 128))
    decoder = nn.Sequential(nn.Linear(128, 1024), nn.Unflatten(1, (64, 4, 4)), *up(64, 512), *up(512, 256), *up(256, 128, 2), *up(128, 64),
                            nn.ConvTranspose2d(64, 1, 4))
    return encoder, decoder, (1, 28, 28), 1000.0


def cifar10():
    def down(a, b, kernel, stride=1):
        return block(nn.Conv2d(a, b, kernel, stride, bias=False), b, 0.1)

    def up(a, b, kernel, stride=1):
        return block(nn.ConvTranspose2d(a, b, kernel, stride, bias=False), b, 0.1)

    encoder = nn.Sequential(*down(3, 32, 5), *down(32, 64, 4, 2), *down(64, 128, 4), *down(128, 256, 4, 2), *down(256, 512, 4),
                            *down(512, 512, 1), nn.Conv2d(512, 64, 1), nn.Flatten())
    decoder = nn.Sequential(nn.Unflatten(1, (64, 1, 1)), *up(64, 256, 4), *up(256, 128, 4, 2), *up(128, 64, 4), *up(64, 32, 4, 2),
                            *up(32, 32, 5), *down(32, 32, 1), nn.Conv2d(32, 3, 1, bias=False), OutputBias((3, 32, 32)))
    return encoder, decoder, (3, 32, 32), 10.0


def norms(encoder, decoder, x):
    z = encoder(x)
    error = (x - decoder(z)).flatten(1)
    return error.norm(dim=1), z.norm(dim=1)


def trainer(name, batch):
    torch.manual_seed(0)
    encoder, decoder, shape, beta = {"tabular": tabular, "mnist": mnist, "cifar10": cifar10}[name]()
    optimizer = torch.optim.Adam([*encoder.parameters(), *decoder.parameters()], lr=1e-4)
    data = torch.randn(4 * batch, *shape)

    def step():
        x = data[torch.randperm(len(data))[:batch]]
        optimizer.zero_grad()
        error, norm = norms(encoder, decoder, x)
        loss = error.mean() + beta * norm.mean()
        loss.backward()
        optimizer.step()
        loss.item()

    return step


def scorer(name, batch):
    torch.manual_seed(0)
    encoder, decoder, shape, beta = {"tabular": tabular, "mnist": mnist, "cifar10": cifar10}[name]()
    encoder.eval()
    decoder.eval()
    data = torch.randn(batch, *shape)

    def score():
        with torch.no_grad():
            error, norm = norms(encoder, decoder, data)
            return error + beta * norm

    return score


def main():
    print(json.dumps({"torch": torch.__version__}), flush=True)
    held = {}
    for line in sys.stdin:
        request = json.loads(line)
        torch.set_num_threads(request["threads"])
        key = (request["network"], request["batch"], request["mode"])
        if key not in held:
            held.clear()
            held[key] = (trainer if request["mode"] == "train" else scorer)(request["network"], request["batch"])
        work = held[key]
        clock = time.process_time if request.get("clock") == "cpu" else time.perf_counter
        seconds = []
        for _ in range(request["repeat"]):
            start = clock()
            work()
            seconds.append(clock() - start)
        print(json.dumps({"seconds": seconds}), flush=True)


main()
