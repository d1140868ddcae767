#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""The receiver of an on-call team, as Alertmanager sees it.

webhook.py serve PORT FILE                        keeps each notification as a line of FILE
webhook.py count FILE STATUS NAME [LABEL=VALUE…]  prints how many notifications have such an alert;
                                                  a LABEL with a dot before it is an annotation,
                                                  of which VALUE is a part
webhook.py alerts FILE STATUS NAME                prints how many alerts the last of them has
"""
import http.server
import json
import sys


class Receiver(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        with open(sys.argv[3], "a", encoding="utf-8") as file:
            file.write(json.dumps(json.loads(body)) + "\n")
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_):
        pass


def matches(alert, status, name, wanted):
    if alert["status"] != status or alert["labels"]["alertname"] != name:
        return False
    for want in wanted:
        key, value = want.split("=", 1)
        if key.startswith("."):
            if value not in alert["annotations"].get(key[1:], ""):
                return False
        elif alert["labels"].get(key) != value:
            return False
    return True


def main():
    if sys.argv[1] == "serve":
        http.server.HTTPServer(("127.0.0.1", int(sys.argv[2])), Receiver).serve_forever()
    what, file, status, name, *wanted = sys.argv[1:]
    with open(file, encoding="utf-8") as lines:
        found = [
            [a for a in json.loads(line)["alerts"] if matches(a, status, name, wanted)]
            for line in lines
        ]
    found = [alerts for alerts in found if alerts]
    print(len(found) if what == "count" else len(found[-1]) if found else 0)


main()
