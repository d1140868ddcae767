#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Many hosts behind one process, for scripts/fleet-scale.

hosts.py serve HOSTS FILE=N… REST   answers scrapes as host 0 to HOSTS-1, which are the addresses 127.1.0.0 to
                                    127.1.255.255; the first N have the metrics of FILE, the others of REST.
                                    Prints its port. Counters of observations grow.
hosts.py targets HOSTS PORT         prints the hosts for file_sd_configs
hosts.py history HOSTS PORT         prints a day of roundwatch_up, one sample a minute, and the last 12 minutes
                                    of roundwatch_verdicts_total, as OpenMetrics
"""
import asyncio
import json
import re
import resource
import sys
import time

GROWING = re.compile(rb"^(roundwatch_(?:observations|looks|tallies_claimed)_total) (\d+)$", re.M)


def address(host):
    return f"127.1.{host // 256}.{host % 256}"


def answer(path):
    """A function of the time in seconds that returns the response."""
    with open(path, "rb") as file:
        text = file.read().replace(b"%", b"%%")
    starts = [int(match[2]) for match in GROWING.finditer(text)]
    text = GROWING.sub(rb"\1 %d", text)

    def response(seconds):
        body = text % tuple(start + int(seconds * start / 1000) for start in starts)
        return (b"HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4\r\n"
                b"Content-Length: %d\r\n\r\n" % len(body)) + body
    return response


class Host(asyncio.Protocol):
    responses = []
    began = time.monotonic()

    def connection_made(self, transport):
        self.transport = transport
        self.request = b""
        quads = transport.get_extra_info("sockname")[0].split(".")
        self.response = self.responses[int(quads[2]) * 256 + int(quads[3])]

    def data_received(self, data):
        self.request += data
        while b"\r\n\r\n" in self.request:
            self.request = self.request.split(b"\r\n\r\n", 1)[1]
            self.transport.write(self.response(time.monotonic() - self.began))


async def serve(hosts, groups):
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    if hosts + 100 > limit:
        sys.exit(f"hosts.py: {hosts} connections need more open files than {limit}; raise the hard limit")
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
    for group in groups:
        path, _, number = group.partition("=")
        number = int(number) if number else hosts
        Host.responses += [answer(path)] * min(number, hosts - len(Host.responses))
    server = await asyncio.get_running_loop().create_server(Host, "0.0.0.0", 0, backlog=4096)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


def history(hosts, port):
    now = int(time.time())
    for name, minutes in (("roundwatch_up{", 1440), ('roundwatch_verdicts_total{verdict="randomx",', 12)):
        times = range(now - minutes * 60, now, 60)
        for host in range(hosts):
            series = f'{name}job="roundwatch",instance="{address(host)}:{port}"}} 1 '
            sys.stdout.write("".join(f"{series}{at}\n" for at in times))
    print("# EOF")


hosts = int(sys.argv[2])
if sys.argv[1] == "serve":
    asyncio.run(serve(hosts, sys.argv[3:]))
elif sys.argv[1] == "targets":
    print(json.dumps([{"targets": [f"{address(host)}:{sys.argv[3]}" for host in range(hosts)]}]))
else:
    history(hosts, sys.argv[3])
