#!/usr/bin/env python3
# A driver in ten lines: a boiler whose level can be set, and that is not there. See `go doc ./actors/drivers/exec`.
import json, sys
level = 3
for line in sys.stdin:                        # ends when the session is closed
    ask = json.loads(line)
    answer = {"id": ask["id"], "ok": True}
    if ask["op"] == "poll":
        answer["values"] = {"level": level, "temperature": 20 + level / 2}
    elif ask["op"] == "write" and ask["value"] <= 7:
        level = ask["value"]
    elif ask["op"] == "write":
        answer = {"id": ask["id"], "refused": "the boiler has 7 levels"}
    print(json.dumps(answer), flush=True)
