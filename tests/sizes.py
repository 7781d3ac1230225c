"""How long a campaign is: in full, or in short where kernels run as plain Python."""

import numba


def sized(full: int, short: int) -> int:
    """`full`, or `short` with the JIT off, which is some hundred times slower."""
    return short if numba.config.DISABLE_JIT else full  # type: ignore[attr-defined]
