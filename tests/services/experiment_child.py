"""Runs an experiment and may be killed: `python -m tests.services.experiment_child DATA ID NAME=URL…`."""

import asyncio
import sys
from pathlib import Path

from desktop_app.endpoint.address import parse_address
from desktop_app.endpoint.client import Endpoint
from desktop_app.paths import Paths
from tests.endpoint.running import MODEL
from tests.services.experiment_world import opened


async def main(data: Path, experiment: int, servers: list[str]) -> None:
    """Run the experiment to its end."""
    world = await opened(Paths(data), data)
    for server in servers:
        name, _, url = server.partition("=")
        world.bench.elsewhere[name] = Endpoint(parse_address(url, ""), MODEL)
    await world.run(await world.store.read(experiment))
    await world.close()
    assert not world.failures, world.failures


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]))
