#!/bin/sh
# Make .venv from a hashed lock file: ops/venv.sh LOCKFILE. Needs Python 3.11 or newer and nothing else.
set -eu
lock=$1
here=$(cd "$(dirname "$0")/.." && pwd)
venv=$here/.venv

say() { printf '%s\n' "$*" >&2; }

find_python() {
    for name in ${PYTHON:-} python3 python3.13 python3.12 python3.11; do
        if command -v "$name" >/dev/null 2>&1 &&
            "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            command -v "$name"
            return
        fi
    done
    say "Paraf needs Python 3.11 or newer, and found none. Install it, or name it: make PYTHON=/path/to/python3"
    exit 1
}

# Debian and Ubuntu ship Python without the parts that make an environment.
install_venv_module() {
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
        say "Installing python3-venv: this Python can not make an environment without it."
        apt-get update -qq >&2 && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends python3-venv >&2
    else
        say "This Python can not make an environment (module ensurepip is missing)."
        say "Install it first, for example: sudo apt-get install python3-venv"
        exit 1
    fi
}

make_environment() {
    python=$(find_python)
    if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
        install_venv_module
    fi
    "$python" -m venv --clear "$venv"
}

# An environment whose Python is gone (the folder was moved, the system upgraded) is made anew.
"$venv/bin/python" -m pip --version >/dev/null 2>&1 || make_environment

say "Installing from $(basename "$lock") ..."
"$venv/bin/python" -m pip install --quiet --quiet --disable-pip-version-check --no-input --no-compile --require-hashes -r "$here/$lock"

# The house's own packages are used where they stand; nothing is built.
site=$("$venv/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')

# Compiled once, on all cores: where bytecode may not be written at run time, each of the office's fourteen processes
# would compile every library anew at its start. Some packages carry files that are no Python of ours: they are passed by.
"$venv/bin/python" -m compileall -q -j 0 "$site" >/dev/null 2>&1 || :
printf '%s\n' "$here" >"$site/paraf.pth"
printf '#!%s/bin/python\nfrom ops.cli import main\n\nmain()\n' "$venv" >"$venv/bin/paraf"
chmod 755 "$venv/bin/paraf"
