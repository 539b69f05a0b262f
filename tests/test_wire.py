"""What no well-behaved front end sends: it is dropped, and the kernel lives."""
import json
import socket
import struct

import pytest
import zmq

DELIMITER = b"<IDS|MSG>"


def frames(kernel, msg_type="kernel_info_request", content=None):
    """A good message as frames: signature, header, parent, metadata, content."""
    session = kernel.client.session
    message = session.msg(msg_type, content or {})
    sent = session.serialize(message)
    return sent[sent.index(DELIMITER) + 1:], message["header"]["msg_id"]


def signed(kernel, *parts):
    return [DELIMITER, kernel.client.session.sign(list(parts)), *parts]


def dealer(kernel, port):
    s = zmq.Context.instance().socket(zmq.DEALER)
    s.linger = 0
    s.connect(f"tcp://127.0.0.1:{port}")
    return s


def bad(kernel):
    """Name and frames of malformed messages."""
    good, _ = frames(kernel)
    signature, header, parent, metadata, content = good
    wrong = bytes([signature[0] ^ 1]) + signature[1:]
    typed = json.loads(header)

    def with_header(**change):
        return signed(kernel, json.dumps(typed | change).encode(), parent, metadata, content)

    return {
        "wrong signature": [DELIMITER, wrong, header, parent, metadata, content],
        "empty signature": [DELIMITER, b"", header, parent, metadata, content],
        "short signature": [DELIMITER, signature[:10], header, parent, metadata, content],
        "signature of other content": [DELIMITER, signature, header, parent, metadata, b'{"code": "%%"}'],
        "no delimiter": [signature, header, parent, metadata, content],
        "delimiter alone": [DELIMITER],
        "no frames but an empty one": [b""],
        "truncated": [DELIMITER, signature, header, parent],
        "truncated but signed": signed(kernel, header, parent),
        "header is not JSON": signed(kernel, b"{not json", parent, metadata, content),
        "header is a list": signed(kernel, b"[1, 2]", parent, metadata, content),
        "header is null": signed(kernel, b"null", parent, metadata, content),
        "content is not JSON": signed(kernel, header, parent, metadata, b"\xff\xfe\x00"),
        "content is a number": signed(kernel, header, parent, metadata, b"1"),
        "msg_type is a number": with_header(msg_type=7),
        "no such msg_type": with_header(msg_type="no_such_request"),
        "empty msg_type": with_header(msg_type=""),
        "a reply instead of a request": with_header(msg_type="execute_reply"),
        "many frames": signed(kernel, header, parent, metadata, content) + [b"x"] * 1000,
        "a large frame": [DELIMITER, signature, header, parent, metadata, b" " * (8 << 20)],
    }


NAMES = ["wrong signature", "empty signature", "short signature", "signature of other content", "no delimiter", "delimiter alone",
         "no frames but an empty one", "truncated", "truncated but signed", "header is not JSON", "header is a list",
         "header is null", "content is not JSON", "content is a number", "msg_type is a number", "no such msg_type",
         "empty msg_type", "a reply instead of a request", "many frames", "a large frame"]


@pytest.mark.parametrize("channel", ["shell", "control"])
@pytest.mark.parametrize("name", NAMES)
def test_malformed_message(kernel, name, channel):
    port = getattr(kernel.manager, channel + "_port")
    s = dealer(kernel, port)
    try:
        s.send_multipart(bad(kernel)[name])
        good, msg_id = frames(kernel)
        s.send_multipart([DELIMITER, *good])  # the same connection still serves
        while True:  # content that is no object may be answered with an error: only the good one's reply counts
            assert s.poll(10_000), f"after a message with {name} the kernel does not answer"
            reply = s.recv_multipart()
            header, parent = (json.loads(f) for f in reply[reply.index(DELIMITER) + 2:][:2])
            if parent.get("msg_id") == msg_id:
                break
        assert header["msg_type"] == "kernel_info_reply"
    finally:
        s.close()
    assert kernel.manager.is_alive()


def test_every_malformed_message_is_tested(kernel):
    assert list(bad(kernel)) == NAMES


def test_an_unsigned_cell_is_not_run(kernel, tmp):
    proof = tmp / "ran"
    content = {"code": f'os.WriteFile("{proof}", nil, 0o600)'}
    good, _ = frames(kernel, "execute_request", content)
    s = dealer(kernel, kernel.manager.shell_port)
    s.send_multipart([DELIMITER, b"", *good[1:]])
    s.send_multipart([DELIMITER, b"0" * 64, *good[1:]])
    s.close()
    assert kernel.run('fmt.Println("queued behind them")').ok
    assert not proof.exists()


def test_a_message_sent_twice_is_run_once(kernel, tmp):
    """A recorded message must not run again: its signature has been seen."""
    proof = tmp / "runs"
    good, _ = frames(kernel, "execute_request", {"code": f"!echo ran >> {proof}", "silent": False, "store_history": True})
    s = dealer(kernel, kernel.manager.shell_port)
    for _ in range(2):
        s.send_multipart([DELIMITER, *good])
    try:
        assert s.poll(60_000)
        assert kernel.run('fmt.Println("behind")').ok
    finally:
        s.close()
    assert proof.read_text() == "ran\n"


@pytest.mark.parametrize("junk", [
    b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
    b"\xff" + b"\x00" * 8 + b"\x7f" + b"\x03" + b"\x00" * 53,  # a ZMTP greeting, then nothing
    struct.pack(">Q", 1 << 62) * 16,
    b"",
])
@pytest.mark.parametrize("channel", ["shell", "control", "stdin", "iopub", "hb"])
def test_junk_on_a_socket(kernel, junk, channel):
    """A port scanner, a browser, a half-open connection."""
    with socket.create_connection(("127.0.0.1", getattr(kernel.manager, channel + "_port")), timeout=5) as s:
        s.sendall(junk)
    kernel.ask("kernel_info_request")
    assert kernel.manager.is_alive()


GREETING = b"\xff" + b"\x00" * 8 + b"\x7f" + b"\x03\x00" + b"NULL".ljust(20, b"\x00") + b"\x00" * 32


def ready(socket_type):
    body = b"\x05READY\x0bSocket-Type" + struct.pack(">I", len(socket_type)) + socket_type
    return b"\x04" + bytes([len(body)]) + body


@pytest.mark.parametrize("channel, socket_type", [("shell", b"DEALER"), ("control", b"DEALER"), ("stdin", b"DEALER"),
                                                  ("iopub", b"SUB"), ("hb", b"REQ")])
@pytest.mark.parametrize("size", [1 << 62, (1 << 64) - 1, 1 << 40])
def test_a_giant_frame(kernel, channel, socket_type, size):
    """Nine bytes that announce more than any machine has, as a message and instead of the handshake."""
    for before in GREETING, GREETING + ready(socket_type):
        with socket.create_connection(("127.0.0.1", getattr(kernel.manager, channel + "_port")), timeout=5) as s:
            s.sendall(before + b"\x02" + struct.pack(">Q", size) + b"x" * 1000)
            while s.recv(1000):  # the kernel hangs up
                pass
    kernel.ask("kernel_info_request")
    assert kernel.manager.is_alive()


def test_a_front_end_that_does_not_read(kernel):
    """It must not keep the others from their output."""
    with socket.create_connection(("127.0.0.1", kernel.manager.iopub_port), timeout=5) as s:
        s.sendall(GREETING + ready(b"SUB") + b"\x00\x01\x01")
        r = kernel.run('for range 20 { fmt.Println(strings.Repeat("x", 100_000)) }')
        assert r.ok and len(r.text) == 20 * 100_001


def test_still_works(kernel):
    """After all of the above."""
    r = kernel.run('fmt.Println("alive")')
    assert r.ok and r.text == "alive\n"
    assert kernel.client.is_alive()  # the heartbeat
