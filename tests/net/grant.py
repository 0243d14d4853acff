"""grant.py -- what the test of the grant exchange says and hears beside dird.

	sniff DEV FILE		write the body of each POST that leaves by DEV
	post ADDR PORT PATH [BODY]	one request; prints "STATUS BODY"
	claim ADDR PORT PATH FIELD	the same with this field and no body
"""
import socket
import sys


def sniff(dev, path):
    everything = 3      # ETH_P_ALL: what leaves is not seen by less
    s = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(everything))
    s.bind((dev, everything))
    print("listening", flush=True)
    flows = {}
    while True:
        p = s.recv(65535)
        if len(p) < 60 or p[6] != 6:
            continue
        port, data = p[40:44], p[40 + (p[52] >> 4) * 4:]
        if not data:
            continue
        said = flows[port] = flows.get(port, b"") + data
        body = said.partition(b"\r\n\r\n")[2]
        if said.startswith(b"POST ") and body.endswith(b"}") and b'"proof"' in body:
            with open(path, "wb") as f:
                f.write(body)
            flows.pop(port)


def post(addr, port, path, body="{}"):
    claim(addr, port, path, "Content-Length: %d" % len(body.encode()), body)


def claim(addr, port, path, field, body=""):
    s = socket.create_connection((addr, int(port)), timeout=10)
    s.sendall(("POST %s HTTP/1.1\r\nHost: x\r\n%s\r\n\r\n%s" % (path, field, body)).encode())
    said = b""
    while more := s.recv(65536):
        said += more
    head, _, body = said.partition(b"\r\n\r\n")
    print(head.split()[1].decode() if head else "", body.decode())


globals()[sys.argv[1]](*sys.argv[2:])
