"""The resources of resources.json for pyinfra."""

import json
from pathlib import Path

from pyinfra.operations import apt, files, server, systemd

HERE = Path(__file__).parent
WANTED = json.loads((HERE / "resources.json").read_text())

apt.packages(name="packages", packages=WANTED["packages"], no_recommends=True)

for directory in WANTED["directories"]:
    files.directory(name=directory["path"], path=directory["path"], user="root", group="root", mode=directory["mode"][1:])

for file in WANTED["files"]:
    files.put(
        name=file["path"],
        src=str(HERE / "files" / file["source"]),
        dest=file["path"],
        user="root",
        group="root",
        mode=file["mode"][1:],
    )

user = WANTED["user"]
server.user(name="user", user=user["name"], shell=user["shell"], home=user["home"], ensure_home=False, create_home=False, system=True)

line = WANTED["line"]
files.line(name="line", path=line["path"], line=line["line"])

for unit in WANTED["units"]:
    systemd.service(name=unit, service=unit, running=True, enabled=True)
