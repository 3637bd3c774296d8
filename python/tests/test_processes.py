"""Several processes on one bus, forks, and Ctrl-C."""

from __future__ import annotations

import signal
import subprocess
import textwrap
import time

import pytest
from conftest import HANG, run_python, start_python

import llmp

WORKER = """
    import sys, llmp
    port, name, count = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    with llmp.Client.connect(port) as bus:
        print("ready", flush=True)
        sys.stdin.readline()
        bus.send_many((i + 1, f"{name} {i}".encode() * (1 + i % 50)) for i in range(count))
        seen = {}
        while sum(seen.values()) < 3 * count:
            for message in bus.recv_many(timeout=60):
                word = message.data.split()[0].decode()
                seen[word] = seen.get(word, 0) + 1
                assert seen[word] == message.tag
        print(sorted(seen.items()))
"""


def test_processes_exchange_messages() -> None:
    count = 2000
    with llmp.Broker() as broker:
        port = broker.listen(0)
        broker.start()
        children = [start_python(WORKER, str(port), name, str(count)) for name in "abc"]
        for child in children:
            assert child.stdout is not None
            assert child.stdout.readline() == "ready\n"
        for child in children:
            assert child.stdin is not None
            child.stdin.write("go\n")
            child.stdin.flush()
        for child in children:
            out, errors = child.communicate(timeout=HANG)
            assert child.returncode == 0, errors
            assert out.strip() == str([(name, count) for name in "abc"])
        assert broker.stats().messages == 3 * count


FORK = """
    import os, sys, llmp
    with llmp.Broker() as broker:
        port = broker.listen(0)
        broker.start()
        bus = llmp.Client.connect(port)
        out = llmp.Sender.new(3)
        receiver = llmp.Receiver.on(out.map())
        idle = llmp.Broker()
        bus.send(1, b"before")
        assert bus.recv(30).data == b"before"
        pid = os.fork()
        if pid == 0:
            calls = [
                lambda: bus.send(1, b"x"),
                lambda: bus.send_many([(1, b"x"), (2, b"y")]),
                lambda: bus.alloc(1, 1).__enter__(),
                lambda: bus.recv(),
                lambda: bus.recv(0),
                lambda: bus.recv_many(),
                lambda: bus.recv_batch(),
                lambda: next(iter(bus)),
                lambda: bus.fileno(),
                lambda: bus.map(),
                lambda: bus.describe(),
                lambda: bus.to_env("LLMP_TEST"),
                lambda: bus.announce(llmp.Map("1", 4096)),
                lambda: bus.safe_to_unmap(),
                lambda: bus.mark_safe_to_unmap(),
                lambda: bus.wait_safe_to_unmap(1),
                lambda: llmp.Client.p2p(1),
                lambda: llmp.Client.connect(port),
                lambda: out.send(1, b"x"),
                lambda: receiver.recv(),
                lambda: broker.stop(),
                lambda: broker.stats(),
                lambda: idle.once(),
                lambda: idle.run(),
                lambda: idle.listen(0),
                lambda: idle.map(),
                lambda: llmp.Broker(),
            ]
            wrong = []
            for i, call in enumerate(calls):
                try:
                    call()
                    wrong.append((i, "no error"))
                except llmp.ForkedError:
                    pass
                except BaseException as error:
                    wrong.append((i, repr(error)))
            for handle in (bus, out, receiver, idle, broker):
                handle.close()
                assert handle.closed
            print(wrong, flush=True)
            sys.exit(5)  # with all that an interpreter does at its exit
        _, status = os.waitpid(pid, 0)
        assert os.waitstatus_to_exitcode(status) == 5, status
        bus.send(2, b"after")
        assert bus.recv(30).data == b"after"
        for handle in (bus, out, receiver, idle):
            handle.close()
"""


def test_a_forked_child_is_told() -> None:
    assert run_python(FORK).strip() == "[]"


def test_a_forked_child_that_closes_nothing_harms_nobody() -> None:
    said = run_python("""
        import os, llmp
        with llmp.Broker() as broker:
            port = broker.listen(0)
            broker.start()
            with llmp.Client.connect(port) as bus:
                pid = os.fork()
                if pid == 0:
                    raise SystemExit(0)
                assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
                bus.send(1, b"after")
                print(bus.recv(30).data.decode())
    """)
    assert said.strip() == "after"


def test_a_fork_while_another_thread_receives() -> None:
    said = run_python("""
        import os, threading, time, llmp
        with llmp.Client.p2p(1) as bus:
            bus.mark_safe_to_unmap()
            thread = threading.Thread(target=bus.recv)
            thread.start()
            time.sleep(0.05)
            pid = os.fork()
            if pid == 0:
                try:
                    bus.recv(0)
                except llmp.ForkedError:
                    os._exit(7)
                os._exit(8)
            print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
            bus.send(1, b"")
            thread.join()
    """)
    assert said.strip() == "7"


def test_a_child_forked_before_the_first_call_can_connect(port: int) -> None:
    code = """
        import os, sys, llmp
        pid = os.fork()
        with llmp.Client.connect(int(sys.argv[1]), skip_own=True) as bus:
            if pid == 0:
                bus.send(1, b"from the child")
                bus.recv(30)
            else:
                print(bus.recv(30).data.decode())
                bus.send(2, b"answer")
        if pid:
            assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    """
    assert run_python(code, str(port)).strip() == "from the child"


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_multiprocessing(port: int, method: str) -> None:
    code = """
        import multiprocessing, sys, llmp

        def work(port, n):
            try:
                with llmp.Client.connect(port) as bus:
                    bus.send(n, b"spawned")
            except llmp.ForkedError:
                sys.exit(9)

        if __name__ == "__main__":
            context = multiprocessing.get_context(sys.argv[2])
            port = int(sys.argv[1])
            with llmp.Client.connect(port) as bus:
                workers = [context.Process(target=work, args=(port, n)) for n in (1, 2)]
                for worker in workers:
                    worker.start()
                if sys.argv[2] == "spawn":
                    print(sorted(bus.recv(30).tag for _ in workers))
                for worker in workers:
                    worker.join(30)
                print([worker.exitcode for worker in workers])
    """
    out = run_python(SPAWNABLE.format(code=code), str(port), method)
    assert out.split("\n")[:-1] == (["[9, 9]"] if method == "fork" else ["[1, 2]", "[0, 0]"])


# spawn needs a main module that it can import again.
SPAWNABLE = '''
import os, runpy, sys, tempfile, textwrap
with tempfile.TemporaryDirectory() as folder:
    path = os.path.join(folder, "program.py")
    with open(path, "w") as file:
        file.write(textwrap.dedent("""{code}"""))
    sys.argv[0] = path
    runpy.run_path(path, run_name="__main__")
'''


LISTEN_TO_CTRL_C = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"


def interrupt(code: str, *arguments: str) -> str:
    """Send SIGINT to a program that said "waiting", and return the rest of what it says."""
    # Who is started in the background of a shell ignores SIGINT, and so do its children.
    child = start_python(LISTEN_TO_CTRL_C + textwrap.dedent(code), *arguments)
    assert child.stdout is not None
    assert child.stdout.readline() == "waiting\n"
    time.sleep(0.2)
    child.send_signal(signal.SIGINT)
    try:
        out, errors = child.communicate(timeout=HANG)
    except subprocess.TimeoutExpired:
        child.kill()
        raise
    assert child.returncode == 0, errors
    return out.strip()


@pytest.mark.parametrize(
    "wait",
    [
        "bus.recv()",
        "bus.recv_many()",
        "bus.recv_batch()",
        "next(iter(bus))",
        "bus.wait_safe_to_unmap()",
        "llmp.Client.connect(port, connect_timeout=None)",
        "llmp.Connection.on_port(port)",
        "idle.run()",
        "llmp.run_brokers([idle])",
        "fill(bus)",
    ],
)
def test_ctrl_c(wait: str) -> None:
    code = """
        import llmp, socket, sys

        def fill(bus):
            while True:
                bus.send(1, bytes(1 << 16))

        with socket.socket() as silent, llmp.Broker() as idle, llmp.Client.p2p(1) as bus:
            silent.bind(("127.0.0.1", 0))
            silent.listen()
            port = silent.getsockname()[1]
            print("waiting", flush=True)
            try:
                eval(compile(sys.argv[1], "the call", "eval"))
            except KeyboardInterrupt:
                print("interrupted")
            idle.stats()
            bus.mark_safe_to_unmap()
            # What was abandoned comes to its end.
            silent.close()
    """
    assert interrupt(code, wait) == "interrupted"


def test_ctrl_c_in_a_hook_comes_out_of_run() -> None:
    code = """
        import llmp
        with llmp.Broker() as broker, llmp.Client.new(broker.map(), 1) as bus:
            broker.add_client(bus.map())
            bus.send(1, bytes(1000))
            broker.add_hook(lambda client, message: bus.send(1, message.data))
            print("waiting", flush=True)
            try:
                broker.run()
            except KeyboardInterrupt:
                print("interrupted")
    """
    assert interrupt(code) == "interrupted"
