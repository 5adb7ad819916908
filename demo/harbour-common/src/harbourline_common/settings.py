"""Settings from the environment."""

import os
from types import SimpleNamespace


class Missing(RuntimeError):
    """Names every setting that is missing, not just the first."""


def required(*names: str) -> SimpleNamespace:
    missing = [name for name in names if not os.environ.get(name)]
    if missing:
        raise Missing("set " + " and ".join(missing))
    return SimpleNamespace(**{name.lower(): os.environ[name] for name in names})
