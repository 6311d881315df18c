"""A K42 client for Python: a process whose system calls run on a K42 cluster.

Needs python3-grpcio and the modules that Debian's protoc makes from Personality/Gateway/protos (README.md says how).
"""

import queue
import re

import grpc

from k42.linux.v1 import calls_files_pb2 as files
from k42.linux.v1 import calls_io_pb2 as io
from k42.linux.v1 import calls_processes_pb2 as processes
from k42.linux.v1 import linux_pb2_grpc, session_pb2

AT_FDCWD = -100
O_RDONLY, O_WRONLY, O_RDWR, O_CREAT = 0, 1, 2, 0o100

_PEM = re.compile(r"-----BEGIN ([A-Z ]+)-----.*?-----END \1-----\n?", re.S)


def channel(address, credential_file):
    """A channel with mutual TLS. The file holds the certificate, its key and the cluster's authority."""
    with open(credential_file, encoding="ascii") as file:
        parts = [(match.group(1), match.group(0).encode()) for match in _PEM.finditer(file.read())]
    certificates = [pem for kind, pem in parts if kind == "CERTIFICATE"]
    key = next(pem for kind, pem in parts if kind.endswith("PRIVATE KEY"))
    own, authority = certificates
    return grpc.secure_channel(address, grpc.ssl_channel_credentials(authority, key, own))


class Session:
    """A process in K42. Calls are made in batches; completions come back in any order."""

    def __init__(self, on, name="python", resume=None):
        self._requests = queue.SimpleQueue()
        self._tag = 0
        self._done = {}
        hello = session_pb2.Hello(name=name, resumable=True)
        if resume is not None:
            hello.resume.session, hello.resume.last_number = resume
        self._requests.put(session_pb2.SessionRequest(hello=hello))
        self._replies = linux_pb2_grpc.LinuxStub(on).Session(iter(self._requests.get, None))
        self.welcome = next(self._replies).welcome
        self.pid = self.welcome.pid
        self.events = []
        self.last_number = 0

    def tag(self):
        """A tag for the next call."""
        self._tag += 1
        return self._tag

    def send(self, *calls):
        """Sends a batch, and acknowledges what has arrived."""
        self._requests.put(session_pb2.SessionRequest(calls=calls, acknowledged=self.last_number))

    def wait(self, tag):
        """The completion of a call."""
        while tag not in self._done:
            reply = next(self._replies)
            count = len(reply.completions) + len(reply.events)
            if count:
                self.last_number = reply.first_number + count - 1
            self._done.update((completion.tag, completion) for completion in reply.completions)
            self.events.extend(reply.events)
        return self._done.pop(tag)

    def call(self, task=0, **call):
        """Makes one call and waits for it: session.call(mkdir=files.MkdirRequest(path=b"/a", mode=0o755))."""
        tag = self.tag()
        self.send(session_pb2.Call(tag=tag, task=task, **call))
        completion = self.wait(tag)
        if completion.errno:
            raise OSError(completion.errno, next(iter(call)))
        return completion

    def cancel(self, tag):
        """Asks for a call that waits to be given up."""
        self._requests.put(session_pb2.SessionRequest(cancel=[tag]))

    def drop(self):
        """Loses the stream, as a broken network would."""
        self._replies.cancel()

    def close(self):
        """Ends the process and the stream."""
        self._requests.put(None)
        for reply in self._replies:
            self.events.extend(reply.events)
