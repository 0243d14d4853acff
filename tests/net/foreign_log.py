"""foreign_log.py -- a log of somebody else that asks a witness.

foreign_log.py DIR key          its key as a verifier knows it
foreign_log.py DIR OLD SIZE TAG a body for add-checkpoint; the root follows from TAG
"""
import base64
import hashlib
import os
import subprocess
import sys

NAME = "log.example/one"
folder = sys.argv[1]
pem = os.path.join(folder, "foreign.pem")
if not os.path.exists(pem):
    subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", pem], check=True)
der = subprocess.run(["openssl", "pkey", "-in", pem, "-pubout", "-outform", "DER"], check=True,
                     capture_output=True).stdout
pub = b"\x01" + der[-32:]
ident = hashlib.sha256(NAME.encode() + b"\n" + pub).digest()[:4]
if sys.argv[2] == "key":
    print(f"{NAME}+{ident.hex()}+{base64.b64encode(pub).decode()}")
    sys.exit()
old, size, tag = sys.argv[2:5]
root = base64.b64encode(hashlib.sha256(tag.encode()).digest()).decode()
text = f"{NAME}\n{size}\n{root}\n"
path = os.path.join(folder, "foreign.text")
with open(path, "w", encoding="utf-8") as f:
    f.write(text)
sig = subprocess.run(["openssl", "pkeyutl", "-sign", "-rawin", "-inkey", pem, "-in", path],
                     check=True, capture_output=True).stdout
print(f"old {old}\n\n{text}\n\u2014 {NAME} {base64.b64encode(ident + sig).decode()}")
