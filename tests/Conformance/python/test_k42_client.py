"""What a newcomer's program does with K42. Usage: test_k42_client.py HOST:PORT CREDENTIAL"""

import errno
import sys
import unittest

import grpc

from k42.linux.v1 import calls_files_pb2 as files
from k42.linux.v1 import calls_io_pb2 as io
from k42.linux.v1 import calls_processes_pb2 as processes
from k42.linux.v1 import linux_pb2_grpc, session_pb2
from k42.native.v1 import native_pb2, native_pb2_grpc
from k42_client import O_CREAT, O_RDONLY, O_RDWR, Session, channel

ADDRESS, CREDENTIAL = sys.argv[1:3]
CALL = session_pb2.Call
USE = session_pb2.UseResult


class ClientTest(unittest.TestCase):
    def setUp(self):
        self.channel = channel(ADDRESS, CREDENTIAL)
        self.session = Session(self.channel, self.id().rsplit(".", 1)[-1][:15])

    def tearDown(self):
        self.session.close()
        self.channel.close()

    def test_open_write_read_close_in_one_round_trip(self):
        session = self.session
        first, write, read, close = (session.tag() for _ in range(4))
        session.send(
            CALL(tag=first, open=io.OpenRequest(path=b"/python", flags=O_RDWR | O_CREAT, mode=0o644)),
            CALL(tag=write, linked=True, use=[USE(tag=first)], write=io.WriteRequest(data=b"spam and eggs")),
            CALL(tag=read, linked=True, use=[USE(tag=first)], pread64=io.Pread64Request(count=100, offset=9)),
            CALL(tag=close, linked=True, use=[USE(tag=first)], close=io.CloseRequest()),
        )
        self.assertEqual(session.wait(write).result, 13)
        self.assertEqual(session.wait(read).data, b"eggs")
        self.assertEqual(session.wait(close).errno, 0)

    def test_errors_are_errnos(self):
        with self.assertRaises(FileNotFoundError):
            self.session.call(stat=files.StatRequest(path=b"/missing"))
        with self.assertRaises(OSError) as caught:
            self.session.call(close=io.CloseRequest(fd=99))
        self.assertEqual(caught.exception.errno, errno.EBADF)

    def test_directories(self):
        self.session.call(mkdir=files.MkdirRequest(path=b"/pydir", mode=0o755))
        for name in (b"a", b"b", "grüße".encode(), b"\xff"):
            self.session.call(mkdir=files.MkdirRequest(path=b"/pydir/" + name, mode=0o700))
        fd = self.session.call(open=io.OpenRequest(path=b"/pydir", flags=O_RDONLY)).result
        listed = self.session.call(getdents64=files.Getdents64Request(fd=fd, count=4096)).entries.entries
        self.assertEqual(sorted(entry.name for entry in listed), [b".", b"..", b"a", b"b", "grüße".encode(), b"\xff"])
        self.assertEqual(self.session.call(stat=files.StatRequest(path=b"/pydir")).stat.nlink, 6)

    def test_a_child_writes_into_a_pipe_and_is_waited_for(self):
        session = self.session
        reader, writer = session.call(pipe=io.PipeRequest()).descriptors.fds
        waits = session.tag()
        session.send(CALL(tag=waits, read=io.ReadRequest(fd=reader, count=100)))
        fork = session.call(fork=processes.ForkRequest())
        child = fork.forked.task
        pid = session.call(task=child, getpid=processes.GetpidRequest()).result
        self.assertEqual(pid, fork.result)
        session.call(task=child, write=io.WriteRequest(fd=writer, data=b"hello from %d" % pid))
        self.assertEqual(session.wait(waits).data, b"hello from %d" % pid)
        session.send(CALL(tag=session.tag(), task=child, exit=processes.ExitRequest(status=3)))
        waited = session.call(wait4=processes.Wait4Request(pid=-1))
        self.assertEqual((waited.result, waited.wait_status.status), (pid, 3 << 8))

    def test_a_call_that_waits_can_be_given_up(self):
        reader, _ = self.session.call(pipe=io.PipeRequest()).descriptors.fds
        tag = self.session.tag()
        self.session.send(CALL(tag=tag, read=io.ReadRequest(fd=reader, count=1)))
        self.session.cancel(tag)
        self.assertEqual(self.session.wait(tag).errno, errno.EINTR)

    def test_a_stream_that_drops_is_resumed(self):
        before = self.session
        fd = before.call(open=io.OpenRequest(path=b"/pyresume", flags=O_RDWR | O_CREAT, mode=0o644)).result
        before.call(write=io.WriteRequest(fd=fd, data=b"still here"))
        before.drop()
        self.session = Session(self.channel, resume=(before.welcome.session, before.last_number))
        self.assertEqual(self.session.pid, before.pid)
        again = self.session.call(pread64=io.Pread64Request(fd=fd, count=100)).data
        self.assertEqual(again, b"still here")

    def test_single_calls_and_the_cluster(self):
        linux = linux_pb2_grpc.LinuxStub(self.channel)
        alone = linux.Getpid(processes.GetpidRequest())
        self.assertNotEqual(alone.result, self.session.pid)
        named = (("k42-session", self.session.welcome.session),)
        self.assertEqual(linux.Getpid(processes.GetpidRequest(), metadata=named).result, self.session.pid)
        cluster = native_pb2_grpc.ClusterStub(self.channel)
        self.assertTrue(cluster.Status(native_pb2.StatusRequest()).serving)
        pids = [process.pid for process in cluster.Processes(native_pb2.ProcessesRequest()).processes]
        self.assertIn(self.session.pid, pids)

    def test_without_a_certificate_nothing_is_served(self):
        with open(CREDENTIAL, "rb") as file:
            authority = b"-----BEGIN" + file.read().split(b"-----BEGIN")[-1]
        stranger = grpc.secure_channel(ADDRESS, grpc.ssl_channel_credentials(authority))
        with self.assertRaises(grpc.RpcError):
            linux_pb2_grpc.LinuxStub(stranger).Getpid(processes.GetpidRequest(), timeout=10)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
