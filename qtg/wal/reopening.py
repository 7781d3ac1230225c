"""Going on with a log after a crash."""

from qtg.config.durability import Fsync
from qtg.store.directory import LOG

from .disk import Disk
from .format import MARK, segment_name, segment_numbers
from .log import SEGMENT_BYTES, Log
from .reading import Contents


def reopen(
    disk: Disk,
    contents: Contents,
    header: bytes,
    *,
    fsync: Fsync = Fsync.GROUP,
    segment_bytes: int = SEGMENT_BYTES,
) -> Log:
    """Remove what was not read, and go on behind what was, in a new segment.

    What was read is made durable before: it may be in the system's memory only. A crash at any
    moment leaves a log that reads the same.

    Raises
    ------
    OSError, StorageError    the disk refuses
    """
    last = contents.records[-1]
    if contents.durable > last.sequence:  # somebody decided to go on without acknowledged records
        disk.remove(MARK)
        disk.sync_folder(LOG)
    kept = max(contents.segments)
    for number in reversed(segment_numbers(disk.names(LOG))):
        if number > kept:
            disk.remove(segment_name(number))
            disk.sync_folder(LOG)
    disk.keep(last.segment, last.offset + last.nbytes)
    disk.sync_folder(LOG)
    log = Log(
        disk,
        contents.fingerprint,
        header,
        fsync=fsync,
        segment_bytes=segment_bytes,
        number=kept + 1,
        first=last.sequence + 1,
    )
    log.know(contents.segments)
    return log
