"""What one file may use, at most."""

from __future__ import annotations

from dataclasses import asdict, dataclass

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of one caged call; memory is the whole address space, so resident memory can not pass it either.

    The wall clock stops a second short of twenty so that the sentence is there within twenty.
    """

    memory_bytes: int = 512 * MIB
    cpu_seconds: int = 20
    wall_seconds: float = 19.0
    file_bytes: int = 64 * MIB
    open_files: int = 64
    output_bytes: int = 96 * MIB

    def as_dict(self) -> dict[str, float]:
        """Plain numbers, as they go over the wire."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, float]) -> Limits:
        """The inverse of `as_dict`."""
        return cls(
            memory_bytes=int(values["memory_bytes"]),
            cpu_seconds=int(values["cpu_seconds"]),
            wall_seconds=float(values["wall_seconds"]),
            file_bytes=int(values["file_bytes"]),
            open_files=int(values["open_files"]),
            output_bytes=int(values["output_bytes"]),
        )
