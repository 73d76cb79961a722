#!/usr/bin/env python3
"""Trains a small GRU on what each account spends next month, against a constant guess.

    python examples/train_bank.py DATA [--recipe examples/bank.toml] [--epochs 8]

DATA is the text, or the directory that `lade convert` made of it.
"""
import argparse
import pathlib

import torch

import lade

TARGET = "spent_next_month"
SCALE = 10_000.0  # crowns, so that the loss is of order one


class NextMonth(torch.nn.Module):
    """A GRU over the events; its state at the last event of a month answers."""

    def __init__(self, numbers, cardinality, width=32):
        super().__init__()
        self.embed = torch.nn.Embedding(cardinality, 8, padding_idx=0)
        self.gru = torch.nn.GRU(numbers + 8, width, batch_first=True)
        self.head = torch.nn.Linear(width, 1)

    def forward(self, batch):
        amounts, balance = batch["numerical"][..., :1], batch["numerical"][..., 1:] / SCALE
        words = self.embed(batch["categorical"][..., 0])
        states, _ = self.gru(torch.cat([amounts, balance, words], dim=-1))
        position = batch["target_position"]["month"].long().clamp(min=0)
        rows = torch.arange(len(position)).unsqueeze(1)
        return self.head(states[rows, position]).squeeze(-1)


def labels(batch):
    """(scaled targets, where they count)."""
    valid = batch["target_mask"]["month"] & batch["target_valid"][TARGET]
    return batch["targets"][TARGET] / SCALE, valid


def mean_loss(loader, predict):
    total, count = 0.0, 0
    with torch.no_grad():
        for batch in loader:
            wanted, valid = labels(batch)
            total += ((predict(batch) - wanted)[valid] ** 2).sum().item()
            count += int(valid.sum())
    return total / count


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data")
    here = pathlib.Path(__file__).parent
    parser.add_argument("--recipe", default=str(here / "bank.toml"))
    parser.add_argument("--epochs", type=int, default=8)
    arguments = parser.parse_args()

    torch.manual_seed(7)
    recipe = lade.Recipe.from_file(arguments.recipe)
    train, test = lade.open(arguments.data, recipe=recipe).split([0.8, 0.2], seed=7)
    recipe = recipe.fit(train)
    loader = lade.DataLoader(train, recipe, batch_size=64, shuffle=True, seed=7,
                             framework="torch")
    held_out = lade.DataLoader(test, recipe, batch_size=256, framework="torch")

    wanted = torch.cat([y[v] for y, v in map(labels, lade.DataLoader(
        train, recipe, batch_size=256, framework="torch"))])
    guess = mean_loss(held_out, lambda batch: wanted.mean())
    print(f"constant guess     loss {guess:.4f}")

    model = NextMonth(len(recipe.numbers), recipe.cardinality("operation"))
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    for epoch in range(arguments.epochs):
        total, count = 0.0, 0
        for batch in loader:
            wanted, valid = labels(batch)
            loss = ((model(batch) - wanted)[valid] ** 2).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total, count = total + loss.item(), count + 1
        print(f"epoch {epoch}  train loss {total / count:.4f}  "
              f"held out {mean_loss(held_out, model):.4f}")
    if mean_loss(held_out, model) >= guess:
        raise SystemExit("the model is no better than a constant")


if __name__ == "__main__":
    main()
