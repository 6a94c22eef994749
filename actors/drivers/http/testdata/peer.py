# A device with a JSON API, on Python's own HTTP server. Arguments: host, port, and a file to which each write is appended.
import base64, json, sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

state = {"level": 3, "pump": {"on": False, "rpm": 1200}, "name": "Kessel", "big": 18446744073709551615}
secret = "Basic " + base64.b64encode(b"roost:hunter2").decode()


class Device(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def reply(self, status, document=None, **headers):
        body = b"" if document is None else json.dumps(document).encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if body:
            self.wfile.write(body)

    def do_GET(self):
        if self.path == "/state":
            self.reply(200, state)
        elif self.path == "/level":
            self.reply(200, state["level"])
        elif self.path == "/moved":
            self.reply(302, Location="/state")
        elif self.path == "/locked":
            ok = self.headers["Authorization"] == secret
            self.reply(200 if ok else 401, {"level": 7} if ok else {"got": self.headers["Authorization"]})
        elif self.path.startswith("/relay?turn="):
            self.wrote(None)
            state["pump"]["on"] = self.path.endswith("=on")
            self.reply(200, {"ison": state["pump"]["on"]})
        elif self.path == "/broken":
            self.reply(500)
        else:
            self.reply(404)

    def wrote(self, body):
        with open(sys.argv[3], "a") as log:
            log.write(f"{self.command} {self.path} {self.headers['Content-Type']} {body}\n")

    def write(self):
        body = self.rfile.read(int(self.headers["Content-Length"] or 0)).decode()
        self.wrote(body)
        if self.path == "/level" and json.loads(body)["level"] <= 7:
            state["level"] = json.loads(body)["level"]
            self.reply(204)
        elif self.path == "/level":
            self.reply(422, {"error": "there are 7 levels"})
        elif self.path == "/add":
            state["level"] += int(body)
            self.reply(200)
        elif self.path == "/name":
            state["name"] = body
            self.reply(200, {})
        elif self.path == "/start/fast":
            state["pump"]["rpm"] = json.loads(body)["rpm"]
            self.reply(202)
        elif self.path == "/moved":
            self.reply(307, Location="/name")
        else:
            self.reply(404)

    do_POST = do_PUT = do_PATCH = write

    def log_message(self, *args):
        pass


ThreadingHTTPServer.allow_reuse_address = True
ThreadingHTTPServer((sys.argv[1], int(sys.argv[2])), Device).serve_forever()
