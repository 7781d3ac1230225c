"""`python -m qtg.gym.contracts`: the contracts of all builders as JSON files.

They stand in `schemas/contracts/`, one for each builder, of a stock that is called SYMBOL. Where
observations have several stocks, what is by stock comes once for each. `composite.json` is of all
builders together but those of ABIDES-gym's observations, which are whole by themselves.
"""

from collections.abc import Iterator
from pathlib import Path

import qtg.schemas

from ..contract import Contract
from ..features import BUILDERS, features_of

COMPOSITE = [name for name in BUILDERS if not name.startswith("abides_")]
FOLDER = Path(qtg.schemas.__file__).resolve().parent / "contracts"
SYMBOL = "SYMBOL"


def contracts() -> Iterator[tuple[str, Contract]]:
    """Each builder's name and contract, then the composite's."""
    for name in BUILDERS:
        yield name, Contract.of(features_of([name], [SYMBOL]))
    yield "composite", Contract.of(features_of(COMPOSITE, [SYMBOL]))


def main(folder: Path = FOLDER) -> None:
    """Write the files, and remove those of builders that there are no more."""
    folder.mkdir(exist_ok=True)
    for old in folder.glob("*.json"):
        old.unlink()
    for name, contract in contracts():
        contract.save(folder / f"{name}.json")


if __name__ == "__main__":
    main()
