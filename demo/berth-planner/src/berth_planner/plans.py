"""Plans and their revisions."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Call:
    ship: str
    berth: str
    start: int


@dataclass
class Plan:
    revision: int = 0
    calls: list[Call] = field(default_factory=list)

    @classmethod
    def of(cls, calls):
        return cls(calls=sorted(calls, key=lambda call: (call.berth, call.start)))


class Plans:
    def __init__(self):
        self._plans = []
        self._objections = {}

    def current(self):
        return self._plans[-1] if self._plans else None

    def get(self, revision):
        return self._plans[revision - 1] if 0 < revision <= len(self._plans) else None

    def keep(self, plan):
        plan.revision = len(self._plans) + 1
        self._plans.append(plan)
        return plan

    def object(self, revision, ship, reason):
        for call in self.get(revision).calls:
            if call.ship == ship:
                self._objections[ship, call.berth] = reason

    def objections(self):
        return self._objections
