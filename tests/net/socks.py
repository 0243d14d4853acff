"""socks.py -- what the tests of lending connect with.

	greet ADDR PORT		greet as a SOCKS 5 client; 0 when it is answered
	hold ADDR PORT FILE	greet, wait for FILE, ask once more; 0 when answered
	serve ADDR PORT		answer greetings and requests, as Tor does offline
	echo ADDR PORT		answer datagrams with themselves
	query ADDR PORT		send one; 0 when it is answered
	noise SOCKET COUNT	guests of privd that break the rules
	log SOCKET		a system log: a line for each datagram
"""
import os
import random
import socket
import sys
import time


def connect(addr, port):
    s = socket.create_connection((addr, int(port)), timeout=2)
    s.sendall(b"\5\1\0")
    if s.recv(2) != b"\5\0":
        sys.exit("no greeting")
    return s


def greet(addr, port):
    connect(addr, port)


def hold(addr, port, path):
    s = connect(addr, port)
    print("greeted", flush=True)
    while not os.path.exists(path):
        time.sleep(0.05)
    # A name that Tor refuses at once: an answer, whichever it is.
    s.sendall(b"\5\1\0\1\177\0\0\1\0\1")
    if s.recv(1) != b"\5":
        sys.exit("cut")


def serve(addr, port):
    l = socket.socket(socket.AF_INET6)
    l.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    l.bind((addr, int(port)))
    l.listen()
    while True:
        c, _ = l.accept()
        if os.fork() == 0:
            while c.recv(64):
                c.sendall(b"\5\0")
            os._exit(0)
        c.close()


def echo(addr, port):
    s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    s.bind((addr, int(port)))
    print("up", flush=True)
    while True:
        s.sendto(*s.recvfrom(512))


def query(addr, port):
    s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    s.settimeout(2)
    s.connect((addr, int(port)))
    s.send(b"q")
    if s.recv(9) != b"q":
        sys.exit("another answer")


def log(path):
    s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    s.bind(path)
    os.chmod(path, 0o666)
    print("up", flush=True)
    while True:
        print(repr(s.recv(65536)), flush=True)


def noise(path, count):
    r = random.Random(1)
    for _ in range(int(count)):
        s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        s.settimeout(5)
        s.connect(path)
        s.recv(1280)
        # Types and lengths as they come; none is a whole message.
        s.send(r.getrandbits(32).to_bytes(4, "little") + r.randbytes(r.randrange(1200)))
        try:
            if s.recv(1280) != b"":
                sys.exit("it was answered")
        except ConnectionResetError:
            pass
        s.close()


globals()[sys.argv[1]](*sys.argv[2:])
