#!/usr/bin/env python3
"""Two nets with PyTorch's names and layouts, as its users save them, and what they say to an input: made with PyTorch 2.15.0 and
safetensors 0.8.0. The walk reads what stands beside this file and needs neither."""
import os

import numpy
import torch
from safetensors.torch import save_file
from torch import nn

HERE = os.path.dirname(os.path.abspath(__file__))


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(nn.Conv2d(2, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2))
        self.classifier = nn.Linear(4 * 3 * 4, 5)

    def forward(self, x):
        return self.classifier(self.features(x).flatten(1))


def keep(name, net, x, image=False):
    net.eval()
    save_file(net.state_dict(), os.path.join(HERE, name + ".safetensors"))
    y = net.float()(x).detach()
    numpy.save(os.path.join(HERE, name + ".x.npy"), (x.permute(0, 2, 3, 1) if image else x).contiguous().numpy())
    numpy.save(os.path.join(HERE, name + ".y.npy"), y.numpy())


torch.manual_seed(1)
keep("mlp", nn.Sequential(nn.Linear(6, 16), nn.ReLU(), nn.Linear(16, 3), nn.Softmax(1)).half(), torch.randn(4, 6))
net = Net()
with torch.no_grad():
    for _ in range(20):  # running statistics that are not the first ones
        net(torch.randn(16, 2, 6, 8) * 2 + 1)
keep("convnet", net, torch.randn(3, 2, 6, 8), image=True)
