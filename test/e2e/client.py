"""A client of another language: uploads or downloads one file, with Python's standard library alone.

Written from docs/protocol.md and nothing else, so that the page is shown to be enough. The tests run it:

    python3 client.py upload   --port 4040 --room lab --path disk.iso [--as NAME] [--unsized]
    python3 client.py download --port 4040 --room lab --name NAME --path copy.iso

On success it prints one JSON line with the file's name, size, sha256 and version.
On failure it prints a sentence to stderr and ends with 1.
"""

import argparse
import base64
import hashlib
import json
import os
import socket
import sys


class Refused(Exception):
    """The server answered with an error, said goodbye, or did not keep to the protocol."""


class Connection:
    def __init__(self, host, port, name, room):
        self.socket = socket.create_connection((host, port), timeout=60)
        self.input = self.socket.makefile("rb")
        self.name = name
        self.say(type="connect", id="connect", name=name, room=room)
        self.limits = self.wait_for("connected")["limits"]
        self.room = self.wait_for("joined")["room"]

    def say(self, **request):
        line = json.dumps(request, ensure_ascii=False, separators=(",", ":"))
        self.socket.sendall(line.encode("utf-8") + b"\n")

    def hear(self):
        """The next line. Errors and goodbyes are the end of what this program can do."""
        line = self.input.readline()
        if not line.endswith(b"\n"):
            raise Refused("the server ended the connection")
        answer = json.loads(line)
        if answer["type"] in ("error", "bye"):
            raise Refused("%s: %s" % (answer.get("code"), answer.get("message")))
        return answer

    def wait_for(self, wanted, **fields):
        """The next line of a type with these fields. Lines about anything else are passed over."""
        while True:
            answer = self.hear()
            if answer["type"] == wanted and all(answer.get(key) == value for key, value in fields.items()):
                return answer

    def quit(self):
        self.say(type="quit")
        while True:
            line = self.input.readline()
            if line == b"" or json.loads(line)["type"] == "bye":
                break
        self.socket.close()


def sha256_of(path):
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        for block in iter(lambda: file.read(1 << 20), b""):
            digest.update(block)
    return digest.hexdigest()


def upload(connection, path, name, unsized):
    sha256 = sha256_of(path)
    request = {"type": "upload", "id": "u1", "name": name}
    if not unsized:
        request.update(size=os.path.getsize(path), sha256=sha256)
    connection.say(**request)
    uploading = connection.wait_for("uploading", id="u1")
    upload_id = uploading["upload"]
    # The server has what comes before: from an earlier attempt, or because the room has the content.
    sent = uploading["offset"]
    received = sent
    with open(path, "rb") as file:
        file.seek(sent)
        while True:
            block = file.read(connection.limits["chunkBytes"])
            if not block:
                break
            # The window rule.
            while sent + len(block) - received > connection.limits["windowBytes"]:
                received = connection.wait_for("progress", upload=upload_id)["received"]
            data = base64.b64encode(block).decode("ascii")
            connection.say(type="chunk", upload=upload_id, offset=sent, data=data)
            sent += len(block)
    if unsized:
        connection.say(type="finish", upload=upload_id, sha256=sha256)
    # "From" and "id" together: others choose their ids, too.
    entry = connection.wait_for("file", id="u1", **{"from": connection.name})
    if entry["sha256"] != sha256 or entry["size"] != sent:
        raise Refused("the server has another file than was sent")
    return entry


def download(connection, name, path):
    connection.say(type="download", id="d1", name=name)
    facts = connection.wait_for("downloading", id="d1")
    digest = hashlib.sha256()
    size = 0
    with open(path, "xb") as file:
        while True:
            chunk = connection.wait_for("chunk", id="d1")
            if chunk["offset"] != size:
                raise Refused("a chunk is missing before offset %d" % chunk["offset"])
            block = base64.b64decode(chunk["data"], validate=True)
            file.write(block)
            digest.update(block)
            size += len(block)
            if chunk.get("last"):
                break
    if digest.hexdigest() != facts["sha256"] or size != facts["size"]:
        raise Refused("the bytes that came are not those of the file")
    return dict(facts, sha256=digest.hexdigest(), size=size)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("verb", choices=("upload", "download"))
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=4040)
    parser.add_argument("--person", default="python")
    parser.add_argument("--room", default="lobby")
    parser.add_argument("--path", required=True)
    parser.add_argument("--name", "--as", dest="name")
    parser.add_argument("--unsized", action="store_true")
    options = parser.parse_args()
    try:
        connection = Connection(options.host, options.port, options.person, options.room)
        name = options.name or os.path.basename(options.path)
        if options.verb == "upload":
            facts = upload(connection, options.path, name, options.unsized)
        else:
            facts = download(connection, name, options.path)
        connection.quit()
    except (Refused, OSError) as error:
        sys.exit("client.py: %s" % error)
    print(json.dumps({key: facts[key] for key in ("name", "size", "sha256", "version")}))


if __name__ == "__main__":
    main()
