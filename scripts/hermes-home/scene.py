"""What the scenes have in common: run as `python <scene>.py FOLDER`, in hermes-agent's environment, by write_home.py."""

import json
import os
import re
import sqlite3
import sys
import urllib.request
from pathlib import Path

from ledger import Ledger
from provider import compose_answer, fill, find_marker, read_text


class Scene:
    def __init__(self, name):
        self.folder = Path(sys.argv[1])
        self.home = self.folder / "home"
        self.name = name
        self.ledger = Ledger(self.folder / f"{name}.json")
        self.count = 0
        self.known_summaries = len(self.list_summaries())

    def list_summaries(self):
        with urllib.request.urlopen(f"{os.environ['PROVIDER_URL']}/summaries") as response:
            return [text for text in json.load(response) if f" {self.name}-" in text]

    def next_text(self, markers=""):
        self.count += 1
        return f"{self.name}-{self.count} please {markers}".strip()

    def long_text(self, markers="", length=1500):
        return fill(self.next_text(f"[long:{length}] {markers}".strip()), length)

    def take_summaries(self):
        """The summaries that were made since the last call."""
        summaries = self.list_summaries()
        new = summaries[self.known_summaries :]
        self.known_summaries = len(summaries)
        return new

    def note_summaries(self, session_id, summaries):
        for text in summaries:
            self.ledger.say(session_id, "SUMMARY", text, kind="SUMMARY")

    def note_turn(self, session_id, user_text, is_compacted_within=False):
        """A compaction before a turn stores the user's message after the (first) summary; one within it is where it was made."""
        summaries = self.take_summaries()
        if summaries and not is_compacted_within:
            self.note_summaries(session_id, [summaries.pop(0)])
        self.ledger.say(session_id, "USER", user_text)
        tools = find_marker(user_text, "tools") + find_marker(user_text, "delegate")
        if tools:
            self.ledger.say(session_id, "ASSISTANT", f"looking into {user_text.split(' ')[0]}", tools=tools)
        self.note_summaries(session_id, summaries)
        self.ledger.say(session_id, "ASSISTANT", compose_answer(user_text))


def query(sql, *parameters):
    database = sqlite3.connect(f"file:{os.environ['HERMES_HOME']}/state.db?mode=ro", uri=True, timeout=10)
    try:
        return database.execute(sql, parameters).fetchall()
    finally:
        database.close()


def find_session(text):
    """The session with the newest message that has the tag of this text."""
    tag = text.split(" ")[0]
    return query("SELECT session_id FROM messages WHERE content LIKE ? ORDER BY id DESC LIMIT 1", f"%{tag} %")[0][0]


def to_message(row):
    """A row of Hermes' own transcript, for sessions that begin with rows of another one."""
    text = read_text(row.get("content")).strip()
    digests = re.findall(r"digest \d+ up to [a-z]+-\d+\.", text)
    if digests and text.startswith(("[CONTEXT COMPACTION", "[PRIOR CONTEXT")):
        return {"role": "SUMMARY", "kind": "SUMMARY", "text": digests[-1], "tools": 0}
    return {"role": row["role"].upper(), "kind": "CHAT", "text": text, "tools": len(row.get("tool_calls") or [])}


def show(text):
    print(text, file=sys.__stdout__, flush=True)
