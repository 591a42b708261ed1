"""The cage: one server with the parsers loaded, a fresh confined fork for every file.

client     what a worker holds: starts the server, asks, restarts it when it dies
server     `python -m workers.adapters.cage.server`: forks, waits, kills, reports; reads no file itself
child      what runs in the fork: confines itself, calls one registered function, writes its reply
calls      the functions a request may name
confine    namespaces, privileges, resource limits; `landlock` and `seccomp` are its two filters
protocol   the frames between client, server and child
"""
