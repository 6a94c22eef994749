"""Objects of snmpd (pass_persist): BASE.n.0, which read as 0. Each write is a line in the file LOG: wrote OID VALUE. Its answer then waits for DELAY seconds.

snmp_objects.py BASE LOG DELAY
"""
import sys
import time

base, log, delay = sys.argv[1], open(sys.argv[2], "a"), float(sys.argv[3])


def line():
    return sys.stdin.readline().strip()


def say(*lines):
    print("\n".join(lines), flush=True)


while True:
    command = sys.stdin.readline()
    if not command:
        break
    command = command.strip()
    if command == "PING":
        say("PONG")
    elif command == "set":
        oid, value = line(), line()
        log.write(f"wrote {oid} {value.split()[-1]}\n")
        log.flush()
        time.sleep(delay)
        say("DONE")
    elif command == "get":
        say(line(), "gauge", "0")
    elif command == "getnext":
        line()
        say("NONE")  # else an empty line, which comes after a set
