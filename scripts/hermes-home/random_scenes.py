"""Random commands in terminal chats: what a person saw stays right in any order of them. SEED and COMMANDS may be given."""

import os
import random
import time

from hermes_state import SessionDB
from scene import Scene, show
from terminal_chat import TerminalChat

scene = Scene("random")


class RandomChat:
    def __init__(self, choice, chat):
        self.choice = choice
        self.chat = chat
        self.undoable = 0

    def say(self):
        length = self.choice.choice((0, 300, 2500))
        self.chat.say(scene.long_text(self.choice.choice(("", "", "[tools:1]", "[tools:2]", "[reasoning]")), length))
        self.undoable += 1

    def repeat(self):
        if self.undoable:
            self.chat.retry()
            self.undoable += 1

    def compress(self):
        """Only the newest turn is copied for sure, and after "here" none: an undo takes back earlier ones than a person saw."""
        command = self.choice.choice(("/compress", "/compress", "/compress here 1", "/compress here 2"))
        self.chat.command(command)
        summaries = scene.take_summaries()
        scene.note_summaries(self.chat.id, summaries)
        if summaries:
            self.undoable = 0 if "here" in command else min(self.undoable, 1)

    def undo(self):
        turns = self.choice.randint(1, 2)
        if turns <= self.undoable:
            self.chat.undo(turns)
            self.undoable -= turns

    def resume(self):
        self.chat = TerminalChat(scene, resume=self.chat.close().id)
        # Messages that were read from the database are known to a chat when it goes on.
        self.say()

    def rewrite(self):
        """All rows get other ids, as by an edit that keeps everything. Archived ones are deleted: only where there are none."""
        db = SessionDB()
        session_id = self.chat.close().id
        if not db.has_archived_messages(session_id):
            db.replace_messages(session_id, db.get_messages(session_id))
        db.close()
        self.chat = TerminalChat(scene, resume=session_id)
        self.say()


def vacuum():
    db = SessionDB()
    db.vacuum()
    db.close()


def main():
    choice = random.Random(int(os.environ.get("SEED", "1")))
    commands = {"say": 12, "compress": 4, "undo": 3, "repeat": 1, "resume": 2, "rewrite": 1}
    chats = [RandomChat(choice, TerminalChat(scene)) for _ in range(4)]
    for chat in chats:
        chat.say()
    for _ in range(int(os.environ.get("COMMANDS", "150"))):
        (command,) = choice.choices(list(commands), list(commands.values()))
        getattr(choice.choice(chats), command)()
        if choice.random() < 0.05:
            vacuum()
    for chat in chats:
        chat.chat.close()


if __name__ == "__main__":
    started = time.monotonic()
    main()
    show(f"random: {len(scene.ledger.sessions)} sessions, {time.monotonic() - started:.0f} s")
