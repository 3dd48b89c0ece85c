"""
Calls the base contract with a client that was generated of the description; runs in the generator's environment.

It takes the client's directory and the API's address, finds everything by the names of the description, and prints how
each call was answered, as JSON.
"""

import importlib
import json
import os
import pkgutil
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

OPERATIONS = {
    "getState": "get_state",
    "getModels": "get_models",
    "getTrades": "get_trades",
    "getEquity": "get_equity",
    "getSettings": "get_settings",
    "getHealth": "get_health",
    "changeSettings": "change_settings",
    "turnKillSwitch": "turn_kill_switch",
}


def calls_of(package: ModuleType) -> dict[str, Any]:
    """Return the generated function of each operation."""
    api = importlib.import_module(f"{package.__name__}.api")
    modules = {
        info.name.rpartition(".")[2]: info.name for info in pkgutil.walk_packages(api.__path__, f"{api.__name__}.")
    }
    return {name: importlib.import_module(modules[module]).sync_detailed for name, module in OPERATIONS.items()}


def main(directory: Path, url: str) -> None:
    """Call everything once."""
    sys.path.insert(0, str(directory))
    (name,) = (path.parent.name for path in directory.glob("*/client.py"))
    package = importlib.import_module(name)
    models = importlib.import_module(f"{name}.models")
    client = package.AuthenticatedClient(base_url=url, token=os.environ["TOKEN"], raise_on_unexpected_status=True)
    calls, answers = calls_of(package), dict[str, int]()
    bodies = {
        "changeSettings": models.SettingsUpdate.from_dict({"maxSignalAgeMs": 45_000}),
        "turnKillSwitch": models.KillSwitchOrder.from_dict({"active": True}),
    }
    for operation, call in calls.items():
        more = {"body": bodies[operation]} if operation in bodies else {}
        answer = call(client=client, **more)
        assert answer.parsed is not None, operation
        answers[operation] = int(answer.status_code)
    sys.stdout.write(json.dumps(answers) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
