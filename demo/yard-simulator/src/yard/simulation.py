"""Cranes, stacks and lorries as processes."""

import os
from dataclasses import dataclass, field

import httpx
import numpy
import simpy

MOVE = 2.4  # minutes from ship to stack
HEIGHT = 5  # containers on one another


@dataclass
class Yard:
    env: simpy.Environment
    cranes: simpy.Resource
    stacks: dict[str, int] = field(default_factory=dict)
    waits: list[float] = field(default_factory=list)

    def free(self):
        return min(self.stacks, key=self.stacks.get)


def unload(yard, random):
    asked = yard.env.now
    with yard.cranes.request() as crane:
        yield crane
        yield yard.env.timeout(random.normal(MOVE, 0.3))
        stack = yard.free()
        if yard.stacks[stack] < HEIGHT:
            yard.stacks[stack] += 1
    yard.waits.append(yard.env.now - asked)


def play(plan, seed):
    random = numpy.random.default_rng(seed)
    env = simpy.Environment()
    yard = Yard(env, simpy.Resource(env, capacity=6), {f"C-{n}": 0 for n in range(1, 40)})
    for berth in plan["berths"]:
        for call in berth["calls"]:
            for _ in range(call.get("containers", 40)):
                env.process(unload(yard, random))
    env.run(until=24 * 60)
    return sorted(yard.waits)[-3:]


def main():
    plan = httpx.get(os.environ["BERTH_PLANNER_URL"] + "/plans/current").json()
    for wait in play(plan, seed=7):
        print(f"{wait:.0f} minutes")
