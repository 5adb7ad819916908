"""The HTTP side: plans out, objections in."""

import argparse
import os

import uvicorn
from fastapi import FastAPI, HTTPException
from harbourline_common.health import health_router
from harbourline_common.logging import configure

from berth_planner.arrivals import Arrivals
from berth_planner.plans import Plans
from berth_planner.solver import solve
from berth_planner.tides import Tides

app = FastAPI(title="Berth plans")
app.include_router(health_router)

plans = Plans()
arrivals = Arrivals(os.environ.get("CARGO_TRACKER_URL", "http://localhost:8081"))
tides = Tides(os.environ.get("TIDE_TABLES_URL", "http://localhost:8082"))


@app.get("/plans/current")
async def current_plan():
    plan = plans.current()
    if plan is None:
        raise HTTPException(503, "No plan has been made yet")
    return plan


@app.get("/plans/{revision}")
async def plan(revision: int):
    found = plans.get(revision)
    if found is None:
        raise HTTPException(404, f"There is no revision {revision}")
    return found


@app.post("/plans/{revision}/objections", status_code=202)
async def objection(revision: int, ship: str, reason: str):
    plans.object(revision, ship, reason)
    return await replan()


async def replan():
    ships = await arrivals.announced()
    levels = await tides.levels()
    if levels is None:
        # Better an old plan than one that puts a ship on the ground.
        return plans.current()
    horizon = int(os.environ.get("PLAN_HORIZON_HOURS", "72"))
    return plans.keep(solve(ships, levels, plans.objections(), horizon))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8080)
    configure("berth-planner")
    uvicorn.run(app, host="0.0.0.0", port=parser.parse_args().port)
