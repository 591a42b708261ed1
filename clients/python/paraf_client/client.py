"""The API's batches and applications, each request once, however often it must be repeated."""

from __future__ import annotations

import hashlib
import random
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from uuid import uuid4

import httpx

from paraf_client.problems import problem_of
from paraf_client.signing import Key as Key
from paraf_client.signing import signature

JSON = dict[str, Any]
RETRIED = frozenset({429, 503})
TYPES = {".zip": "application/zip", ".csv": "text/csv", ".ndjson": "application/x-ndjson"}
BLOCK = 1024 * 1024


class Client:
    """`with Client(url, Key(text)) as office:`. `http` and `sleep` are for tests; `tries` counts the first one too."""

    def __init__(
        self,
        url: str,
        key: Key,
        *,
        tries: int = 5,
        http: httpx.Client | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._http = http or httpx.Client(base_url=url, timeout=60)
        self._key, self._tries, self._sleep = key, tries, sleep

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._http.close()

    def send_batch(self, file: Path, licence: str, *, dry_run: bool = False, mends: str = "") -> JSON:
        """Send a ZIP, CSV, XLSX or NDJSON as it is; a dry run answers `batch`, `verdicts` and the `token` to commit.

        Raises Problem, SameFile when the office has this file already.
        """
        query = {"licence": licence, "name": file.name, "dry_run": "true" if dry_run else "false"}
        return self._post_file("/v1/batches", query | ({"mends": mends} if mends else {}), file)

    def commit_batch(self, batch_id: str, token: str) -> JSON:
        """Run the file of a dry run."""
        return self._made(f"/v1/batches/{batch_id}/commit", {"token": token})

    def batch(self, batch_id: str) -> JSON:
        """Where a batch stands."""
        return self._object(self.request("GET", f"/v1/batches/{batch_id}"))

    def wait_for_batch(self, batch_id: str, *, seconds: float = 3600.0, until: str = "finished") -> JSON:
        """The batch once its state is `until`; raises TimeoutError. Asks as often as the office says."""
        end = time.monotonic() + seconds
        while True:
            answer = self.request("GET", f"/v1/batches/{batch_id}")
            found = self._object(answer)
            if found["state"] == until:
                return found
            if time.monotonic() > end:
                raise TimeoutError(f"batch {batch_id} is still {found['state']}")
            self._sleep(_seconds(answer, 5.0))

    def batch_items(self, batch_id: str, **query: str) -> Iterator[JSON]:
        """Its rows, page by page; `state="refused"` for those alone."""
        return self.pages(f"/v1/batches/{batch_id}/items", query)

    def pause_batch(self, batch_id: str) -> JSON:
        """Begin no further row."""
        return self._act(f"/v1/batches/{batch_id}", "pause")

    def resume_batch(self, batch_id: str) -> JSON:
        """Go on where it was."""
        return self._act(f"/v1/batches/{batch_id}", "resume")

    def download_errors(self, batch_id: str, target: Path) -> None:
        """errors.csv: mend it and send it with `mends`."""
        self._download(f"/v1/batches/{batch_id}/errors.csv", target)

    def download_licences(self, batch_id: str, target: Path) -> None:
        """The licences of a finished batch as a ZIP."""
        self._download(f"/v1/batches/{batch_id}/zip", target)

    def applications(self, **query: str) -> Iterator[JSON]:
        """What this system handed in, page by page."""
        return self.pages("/v1/applications", query)

    def pages(self, path: str, query: Mapping[str, str]) -> Iterator[JSON]:
        """Every item of a list; asks for the next page when it is wanted."""
        asked = dict(query)
        while True:
            page = self._object(self.request("GET", path, params=asked))
            yield from page["items"]
            if not page.get("next"):
                return
            asked["cursor"] = page["next"]

    def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        """One request, repeated after 429, 503 and lost connections; raises Problem for every other refusal.

        What makes something must carry an Idempotency-Key in `headers`: it stays the same with each repetition.
        """
        headers = {"Authorization": f"Bearer {self._key.text}", **(options.pop("headers", None) or {})}
        body: Path | None = options.pop("file", None)
        for attempt in range(1, self._tries + 1):
            try:
                if body is not None:
                    options["content"] = _blocks(body)
                answer = self._http.request(method, path, headers=headers, **options)
            except httpx.TransportError:
                if attempt == self._tries:
                    raise
                self._sleep(_back_off(attempt))
                continue
            if answer.status_code not in RETRIED or attempt == self._tries:
                break
            self._sleep(_seconds(answer, _back_off(attempt)))
        if answer.is_error:
            raise problem_of(answer)
        return answer

    def _post_file(self, path: str, query: Mapping[str, str], file: Path) -> JSON:
        digest, text = hashlib.sha256(), str(httpx.QueryParams(query))
        for block in _blocks(file):
            digest.update(block)
        kind = TYPES.get(file.suffix.lower(), "application/octet-stream")
        headers = {"Idempotency-Key": str(uuid4()), "Content-Type": kind}
        headers |= signature(self._key, "POST", path, text, digest.digest())
        return self._object(self.request("POST", f"{path}?{text}", headers=headers, file=file))

    def _made(self, path: str, body: JSON) -> JSON:
        return self._object(self.request("POST", path, json=body, headers={"Idempotency-Key": str(uuid4())}))

    def _act(self, path: str, act: str) -> JSON:
        etag = self.request("GET", path).headers["ETag"]
        return self._object(self.request("POST", f"{path}/{act}", headers={"If-Match": etag}))

    def _download(self, path: str, target: Path) -> None:
        target.write_bytes(self.request("GET", path).content)

    def _object(self, answer: httpx.Response) -> JSON:
        found: JSON = answer.json()
        return found


def _blocks(file: Path) -> Iterator[bytes]:
    with file.open("rb") as source:
        while block := source.read(BLOCK):
            yield block


def _seconds(answer: httpx.Response, usual: float) -> float:
    told = answer.headers.get("Retry-After", "")
    return float(told) if told.isascii() and told.isdigit() else usual


def _back_off(attempt: int) -> float:
    return random.uniform(0.5, 1.0) * 2.0 ** (attempt - 1)  # noqa: S311 - no secret
