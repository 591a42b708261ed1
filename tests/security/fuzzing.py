"""How long fuzzing goes on: a few seconds among the tests, as long as `PARAF_FUZZ_EXAMPLES` says by `make fuzz`."""

from __future__ import annotations

import os

EXAMPLES = int(os.environ.get("PARAF_FUZZ_EXAMPLES", "60"))
LONG = "PARAF_FUZZ_EXAMPLES" in os.environ
"""Whether there is time for every role in every phase."""
EXAMPLES_OF_THE_API = max(EXAMPLES // 20, 3) if LONG else 3
"""For each operation: one is a request through the whole counter."""
