"""Commands about this machine: compile, measure."""

from typing import Annotated

import typer

from .app import Json


def warmup() -> None:
    """Compile every kernel now, so that the first run starts at once."""
    import time

    from ..progress import working
    from ..warmup import compile_kernels

    started = time.perf_counter()
    with working("compiling kernels (about a minute the first time)"):
        compile_kernels()
    typer.echo(f"kernels are ready ({time.perf_counter() - started:.1f} s)", err=True)


def bench(
    only: Annotated[list[str] | None, typer.Option(help="Names of benchmarks to run.")] = None,
    as_json: Json = False,
) -> None:
    """Measure this machine: the short form of every benchmark."""
    from ..bench import print_bench

    print_bench(only, as_json)
