"""Ships into berths. A plan is a list of intervals without overlaps."""

import os

from ortools.sat.python import cp_model

from berth_planner.plans import Call, Plan

MINUTES = 60
SAFETY_METRES = 15


def solve(ships, levels, objections, horizon_hours):
    model = cp_model.CpModel()
    horizon = horizon_hours * MINUTES
    starts, chosen = {}, {}
    for ship in ships:
        for berth in levels.berths:
            if ship.length + SAFETY_METRES > berth.length:
                continue
            if (ship.imo, berth.name) in objections:
                continue
            start = model.new_int_var(ship.eta, horizon, f"start {ship.imo} {berth.name}")
            here = model.new_bool_var(f"{ship.imo} at {berth.name}")
            starts[ship.imo, berth.name] = start
            chosen[ship.imo, berth.name] = here
            for low in berth.low_water(ship.draught):
                model.add(start + ship.stay <= low.begin).only_enforce_if(here)
    for ship in ships:
        model.add_exactly_one(here for (imo, _), here in chosen.items() if imo == ship.imo)
    for berth in levels.berths:
        model.add_no_overlap(intervals(model, ships, berth, starts, chosen))
    model.minimize(sum(waiting(ship, starts, chosen) for ship in ships))
    solver = cp_model.CpSolver()
    solver.parameters.max_time_in_seconds = float(os.environ.get("SOLVER_SECONDS", "20"))
    solver.solve(model)
    return Plan.of(
        Call(imo, berth, solver.value(starts[imo, berth]))
        for (imo, berth), here in chosen.items()
        if solver.value(here)
    )


def intervals(model, ships, berth, starts, chosen):
    for ship in ships:
        if (ship.imo, berth.name) in chosen:
            yield model.new_optional_fixed_size_interval_var(
                starts[ship.imo, berth.name],
                ship.stay,
                chosen[ship.imo, berth.name],
                f"{ship.imo} at {berth.name}",
            )


def waiting(ship, starts, chosen):
    return sum(start - ship.eta for (imo, _), start in starts.items() if imo == ship.imo)
