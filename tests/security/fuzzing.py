"""How long fuzzing goes on: a few seconds among the tests, as long as `PARAF_FUZZ_EXAMPLES` says by `make fuzz`."""

from __future__ import annotations

import os

EXAMPLES = int(os.environ.get("PARAF_FUZZ_EXAMPLES", "60"))
