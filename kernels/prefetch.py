"""Ask the processor for a table row that will be needed soon.

A book of 100,000 resting orders does not fit the processor's inner caches, and a message waits
longer for the rows it visits than it works on them. The rows of the next messages are known, so
they can be fetched meanwhile. A prefetch changes nothing but time; any index is allowed.
"""

from collections.abc import Callable
from typing import Any

import numba
from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

_WILL_WRITE, _KEEP, _DATA = 1, 3, 1  # arguments of LLVM's `llvm.prefetch`


def _emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
    array = context.make_array(signature.args[0])(context, builder, args[0])
    row = builder.gep(array.data, [builder.sext(args[1], ir.IntType(64))])
    byte = ir.IntType(8).as_pointer()
    code = ir.IntType(32)
    function = cgutils.get_or_insert_function(
        builder.module,
        ir.FunctionType(ir.VoidType(), [byte, code, code, code]),
        "llvm.prefetch.p0",
    )
    flags = [ir.Constant(code, value) for value in (_WILL_WRITE, _KEEP, _DATA)]
    builder.call(function, [builder.bitcast(row, byte), *flags])
    return context.get_dummy_value()


def _nothing(context: Any, builder: Any, signature: Any, args: Any) -> Any:
    return context.get_dummy_value()


def _typed(typing_context: Any, table: Any, row: Any) -> tuple[Any, Callable[..., Any]]:
    is_rows = isinstance(table, types.Array) and table.ndim == 1 and table.layout == "C"
    return types.void(table, row), _emit if is_rows else _nothing


def _interpreted(table: Any, row: int) -> None:
    """What `prefetch` does while the JIT is off."""


_typed.__name__ = "prefetch"
_config: Any = numba.config  # its names are made at run time
prefetch = _interpreted if _config.DISABLE_JIT else intrinsic(_typed)
