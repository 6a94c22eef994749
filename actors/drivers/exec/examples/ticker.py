#!/usr/bin/env python3
# A driver that sends by itself: a value every "every" seconds, from a thread beside the one that answers.
import json, sys, threading
lock, closed = threading.Lock(), threading.Event()

def say(line):
    with lock:
        print(json.dumps(line), flush=True)

def tick(every, n=0):
    while not closed.wait(every):
        n += 1
        say({"push": {"ticks": n}})

for line in sys.stdin:
    ask = json.loads(line)
    if ask["op"] == "open":
        every = float(ask.get("settings", {}).get("every", 1))
        threading.Thread(target=tick, args=(every,)).start()
    say({"id": ask["id"], "ok": True, "polls": False, "pushes": True} if ask["op"] == "open"
        else {"id": ask["id"], "refused": "it only ticks"})
closed.set()
