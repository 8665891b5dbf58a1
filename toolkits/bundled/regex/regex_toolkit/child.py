"""Runs one pattern on one text. A program of its own, so that it can be killed.

Reads one JSON object from standard input and writes JSON lines: ``ready``, then ``at`` now and
then with how far it has come, then ``result`` or ``error``.
"""

from __future__ import annotations

import json
import re
import sys
import time


def say(**message):
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


def compiled(task):
    if task["engine"] == "re":
        flags = 0
        for letter in task["flags"]:
            flags |= getattr(re, letter.upper())
        return re.compile(task["pattern"], flags)
    sys.path.append(task["re2_path"])
    import re2  # noqa: PLC0415  (found on the path that was just added)

    options = re2.Options()
    options.log_errors = False
    options.case_sensitive = "i" not in task["flags"]
    options.dot_nl = "s" in task["flags"]
    prefix = "(?m)" if "m" in task["flags"] else ""
    return re2.compile(prefix + task["pattern"], options)


def find(pattern, task):
    text, most, found, total, told = task["text"], task["most"], [], 0, time.monotonic()
    names = {number: name for name, number in pattern.groupindex.items()}
    for match in pattern.finditer(text):
        total += 1
        if len(found) < most:
            groups = [
                [number, names.get(number), *match.span(number), match.group(number)]
                for number in range(1, pattern.groups + 1)
            ]
            found.append([match.start(), match.end(), groups])
        if time.monotonic() - told > 0.05:
            told = time.monotonic()
            say(at=match.end())
    return {"matches": found, "total": total, "names": names}


def substitute(pattern, task):
    text, count = pattern.subn(task["replacement"], task["text"], task["count"])
    return {"text": text, "count": count}


def split(pattern, task):
    pieces = pattern.split(task["text"], task["count"])
    return {"pieces": pieces[: task["most"]], "total": len(pieces)}


def check(pattern, task):
    return {"found": [pattern.search(line) is not None for line in task["lines"]]}


ACTIONS = {"find": find, "substitute": substitute, "split": split, "check": check}


def main():
    task = json.load(sys.stdin)
    say(ready=True)
    started = time.perf_counter()
    blamed = "pattern"
    try:
        pattern = compiled(task)
        if task["action"] == "substitute":
            blamed = "replacement"
        result = ACTIONS[task["action"]](pattern, task)
    except RecursionError:
        return say(error="the pattern is nested too deeply")
    except MemoryError:
        return say(error="the pattern or its result needs too much memory")
    except Exception as error:  # noqa: BLE001  (RE2 raises its own, which is not imported here)
        position = getattr(error, "pos", None)
        text = error.args[0] if error.args else str(error)
        if isinstance(text, bytes):
            text = text.decode(errors="replace")
        words = str(getattr(error, "msg", None) or text)
        return say(error=words, position=position, blamed=blamed)
    result["ms"] = (time.perf_counter() - started) * 1000
    return say(result=result)


if __name__ == "__main__":
    main()
