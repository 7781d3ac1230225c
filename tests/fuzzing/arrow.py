"""Arrow messages that are none of qtg's."""

import numpy as np
import pyarrow as pa


def _messages() -> list[bytes]:
    numbers = pa.record_batch({"regime": pa.array([1], pa.int8())})
    holes = pa.record_batch({"regime": pa.array([None], pa.int8())})
    texts = pa.record_batch({"regime": pa.array(["x"])})
    coded = pa.record_batch({"regime": pa.array(["x"]).dictionary_encode()})
    none = pa.record_batch({"regime": pa.array([], pa.int8())})
    many = pa.record_batch({f"c{n}": pa.array(np.zeros(3, np.int64)) for n in range(15)})
    found = [each.serialize().to_pybytes() for each in (numbers, holes, texts, none, many)]
    for batch in (coded, many, pa.record_batch({"regime": pa.array(np.zeros(9999, np.int8))})):
        for compression in (None, "zstd", "lz4"):
            stream = pa.BufferOutputStream()
            options = pa.ipc.IpcWriteOptions(compression=compression)
            with pa.ipc.new_stream(stream, batch.schema, options=options) as writer:
                writer.write_batch(batch)
            for message in pa.ipc.MessageReader.open_stream(stream.getvalue()):
                found.append(message.serialize().to_pybytes())
    return [*found, b"", b"\xff" * 8, b"\xff\xff\xff\xff\x00\x00\x00\x00", bytes(64)]


MESSAGES = _messages()
