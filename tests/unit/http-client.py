#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""For test-listen.sh: an HTTP client that can be rude, and what systemd does with a socket.

http-client.py PORT METHOD PATH     prints status, content type, and the body
http-client.py PORT hold N          opens N connections that send a byte now and then, and one that
                             scrapes; prints how both end
http-client.py PORT rubbish         sends what is no request
http-client.py pass N COMMAND...    runs the command with N listening sockets, as systemd would
"""
import http.client
import os
import random
import select
import socket
import sys
import time


def connect(port):
    return socket.create_connection(("127.0.0.1", port), timeout=30)


def request(port, method, path):
    c = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    c.request(method, path, body="x" * 100 if method == "POST" else None)
    r = c.getresponse()
    print(r.status, r.getheader("Content-Type"), r.getheader("Allow") or "-")
    sys.stdout.buffer.write(r.read())


def hold(port, n):
    begin = time.monotonic()
    slow = [connect(port) for _ in range(n)]
    scraper = connect(port)
    scraper.sendall(b"GET /-/healthy HTTP/1.1\r\nHost: x\r\n\r\n")
    answered = None
    closed = 0
    while (slow or answered is None) and time.monotonic() - begin < 60:
        for s in list(slow):
            try:
                s.sendall(b"G")
            except OSError:
                slow.remove(s)
                closed += 1
        ready, _, _ = select.select([scraper] if answered is None else [], [], [], 0.2)
        if ready:
            answered = scraper.recv(4096).startswith(b"HTTP/1.1 200 ")
    print("answered" if answered else "not answered", closed)
    print(f"{time.monotonic() - begin:.1f} s", file=sys.stderr)


def rubbish(port):
    random.seed(1)
    for i in range(200):
        with connect(port) as s:
            try:
                if i % 4 == 0:
                    s.sendall(b"GET /" + b"x" * 100000 + b" HTTP/1.1\r\n\r\n")
                elif i % 4 == 1:
                    s.sendall(b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 20000 + b"\r\n")
                else:
                    s.sendall(random.randbytes(random.randrange(1, 3000)) + b"\r\n\r\n")
                s.shutdown(socket.SHUT_WR)
                while s.recv(4096):
                    pass
            except OSError:
                pass


def pass_sockets(n, command):
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(n)]
    # Away from the numbers that they shall have.
    copies = [os.dup2(s.fileno(), 100 + i) for i, s in enumerate(sockets)]
    for i, fd in enumerate(copies):
        os.dup2(fd, 3 + i, inheritable=True)
        os.close(fd)
    os.environ["LISTEN_FDS"] = str(n)
    os.environ["LISTEN_PID"] = str(os.getpid())
    os.execv(command[0], command)


if sys.argv[1] == "pass":
    pass_sockets(int(sys.argv[2]), sys.argv[3:])
elif sys.argv[2] == "hold":
    hold(int(sys.argv[1]), int(sys.argv[3]))
elif sys.argv[2] == "rubbish":
    rubbish(int(sys.argv[1]))
else:
    request(int(sys.argv[1]), sys.argv[2], sys.argv[3])
