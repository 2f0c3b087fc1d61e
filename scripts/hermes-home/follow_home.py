"""Follows what a running server shows of a home while `write_home.py FOLDER --at-once` writes it, until that is done.

python follow_home.py FOLDER URL, started before write_home.py. It keeps a list of conversations from conversationsChanged, reads
pages of messages all the time, and compares the list with the server's at the end. compare_home.py compares the rest.
"""

import json
import sys
import threading
import time
import urllib.request
from collections import Counter
from pathlib import Path

from compare_home import read_ledgers
from segue_api import SegueApi

CONVERSATION = "id root { id } tip { id } title segmentCount lastActivityAt"
CHANNELS = "SEGUE WEB CLI MESSAGING API CRON TOOL OTHER"
EVENTS = f"subscription {{ conversationsChanged {{ kind conversationId conversation {{ {CONVERSATION} }} }} }}"


class ConversationFollower(threading.Thread):
    """The list as a client keeps it: it subscribes, reads the list when it is told to, and applies each change."""

    def __init__(self, api):
        super().__init__(daemon=True)
        self.api = api
        self.conversations = {}
        self.kinds = Counter()
        self.start()

    def run(self):
        body = json.dumps({"query": EVENTS}).encode()
        headers = {"Content-Type": "application/json", "Accept": "text/event-stream"}
        while True:
            with urllib.request.urlopen(urllib.request.Request(self.api.url, body, headers), timeout=600) as events:
                for line in events:
                    if line.startswith(b"data: {"):
                        self.apply(json.loads(line[6:]))
            self.kinds["end of the subscription"] += 1

    def apply(self, result):
        if result.get("errors"):
            self.kinds[result["errors"][0]["extensions"]["code"]] += 1
            return
        event = result["data"]["conversationsChanged"]
        self.kinds[event["kind"]] += 1
        if event["kind"] == "READY":
            self.conversations = {row["id"]: row for row in self.api.conversations(CONVERSATION, CHANNELS)}
        elif event["conversation"] is None:
            self.conversations.pop(event["conversationId"], None)
        else:
            self.conversations[event["conversationId"]] = event["conversation"]


def read_messages(api, texts, seen_twice, counts):
    """Reads each session in one page and in small ones. Notes the text by id, and ids and texts that it has more than once."""
    for session in api.sessions():
        for size in (1000, 7):
            messages = api.messages(session["id"], size=size)
            counts["message"] += len(messages)
            texts.update((message["id"], message["text"]) for message in messages)
            values = Counter(value for message in messages for value in (message["id"], message["text"]) if value)
            # Between two small pages a message can get another id, which makes it another message.
            seen_twice.update((session["id"], value) for value, count in values.items() if count > 1 and size == 1000)


def main():
    folder = Path(sys.argv[1])
    api = SegueApi(sys.argv[2])
    follower = ConversationFollower(api)
    texts = {}
    seen_twice = set()
    problems = Counter()
    counts = Counter()
    while not (folder / "written").exists():
        try:
            read_messages(api, texts, seen_twice, counts)
            counts["round"] += 1
        except Exception as error:
            problems[f"{type(error).__name__}: {str(error)[:500]}"] += 1
            time.sleep(0.2)
    time.sleep(5)
    said_again = [tuple(said) for said in read_ledgers(folder)["said_again"]]
    for id, value in sorted(seen_twice.difference(said_again)):
        problems[f"{id}: more than once in a page: {value[:60]}"] += 1
    for id, text in texts.items():
        found = api.message_text(id)
        counts["id that is gone"] += found is None
        if found not in (None, text):
            problems[f"{id}: was {text[:60]!r}, is {found[:60]!r}"] += 1
    listed = {row["id"]: row for row in api.conversations(CONVERSATION, CHANNELS)}
    for id in sorted(listed.keys() | follower.conversations.keys()):
        if listed.get(id) != follower.conversations.get(id):
            problems[f"{id}\n  followed: {follower.conversations.get(id)}\n  listed:   {listed.get(id)}"] += 1
    for problem, count in problems.items():
        print(f"{count} × {problem}")
    print(f"{len(problems)} problems; {dict(counts)}; {dict(follower.kinds)}; {len(listed)} conversations")
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
