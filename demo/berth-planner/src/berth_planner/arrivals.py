"""Ships that have announced themselves, from the cargo tracker."""

from dataclasses import dataclass

import httpx


@dataclass(frozen=True)
class Ship:
    imo: str
    length: float
    draught: float
    eta: int
    stay: int


class Arrivals:
    def __init__(self, url):
        self.url = url

    async def announced(self):
        async with httpx.AsyncClient(timeout=5) as client:
            answer = await client.get(f"{self.url}/arrivals")
            answer.raise_for_status()
        return [Ship(**ship) for ship in answer.json()["ships"]]
