"""Chats in a terminal: hermes -z, the interactive program's own class, its commands, and what its store does to sessions."""

import contextlib
import io
import subprocess
import sys
import time

from scene import Scene, show, to_message

scene = Scene("cli")
with contextlib.redirect_stdout(io.StringIO()):
    import cli as hermes_cli
    from hermes_state import SessionDB


class TerminalChat:
    """One start of the interactive program, without its screen."""

    def __init__(self, resume=None):
        self.output = io.StringIO()
        with contextlib.redirect_stdout(self.output):
            self.program = hermes_cli.HermesCLI(toolsets=["todo", "delegation"], compact=True, resume=resume)
        self.program._confirm_destructive_slash = lambda *_, **__: "yes"

    @property
    def id(self):
        return self.program.session_id

    def say(self, text):
        if self.id not in scene.ledger.sessions:
            scene.ledger.open(self.id)
        with contextlib.redirect_stdout(self.output):
            answer = self.program.chat(text)
        scene.note_turn(self.id, text, is_compacted_within="[usage:" in text)
        if not answer or answer.strip() != scene.ledger.messages(self.id)[-1]["text"]:
            show(f"unexpected answer to {text[:40]!r}: {str(answer)[:200]!r}")
        return self

    def talk(self, turns, markers=""):
        for _ in range(turns):
            self.say(scene.long_text(markers))
        return self

    def command(self, text):
        with contextlib.redirect_stdout(self.output):
            self.program.process_command(text)
        return self

    def compress(self, arguments=""):
        self.command(f"/compress {arguments}")
        summaries = scene.take_summaries()
        scene.note_summaries(self.id, summaries)
        if len(summaries) != 1:
            show(f"{len(summaries)} summaries by /compress {arguments} in {self.id}: {self.output.getvalue()[-600:]}")
        return self

    def undo(self, turns=1):
        """Everything is taken back with 50 turns."""
        self.command(f"/undo {turns}")
        scene.ledger.take_back(self.id, turns)
        return self

    def retry(self):
        self.command("/retry")
        return self.say(self.program._pending_input.get_nowait())

    def branch(self):
        parent = self.id
        self.command("/branch")
        scene.ledger.open(self.id, forked_from=parent, messages=scene.ledger.messages(parent))
        return self

    def close(self):
        self.program._session_db.end_session(self.program.agent.session_id, "cli_close")
        self.program._session_db.close()
        return self


def main():
    one_shot()
    plain_chats()
    compactions()
    undo_after_compaction()
    rotation()
    branches()
    edits()
    removals()


def one_shot():
    db = SessionDB()
    for _ in range(2):
        text = scene.next_text()
        answer = subprocess.run(["hermes", "-z", text], capture_output=True, text=True, check=True).stdout.strip()
        newest = max(db.list_sessions_rich(limit=100), key=lambda row: row["started_at"])
        scene.ledger.open(newest["id"])
        scene.ledger.say(newest["id"], "USER", text)
        scene.ledger.say(newest["id"], "ASSISTANT", answer)


def plain_chats():
    for turns in (1, 2, 3):
        TerminalChat().talk(turns).close()
    chat = TerminalChat().say(scene.next_text("[reasoning]")).say(scene.next_text("[tools:2]")).close()
    TerminalChat(resume=chat.id).say(scene.next_text()).say(scene.next_text("[tools:1] [reasoning]")).close()
    TerminalChat().talk(2).retry().close()
    TerminalChat().talk(3).undo(2).talk(1).close()
    TerminalChat().say(scene.next_text("[delegate]")).say(scene.next_text("[tools:1] [delegate]")).close()
    chat = TerminalChat().talk(1)
    for _ in range(3):
        chat.command("/new")
        chat.talk(1)
    chat.close()


def compactions():
    TerminalChat().talk(9).compress().talk(2).close()
    TerminalChat().talk(9, "[tools:1]").compress().talk(6).compress().talk(6).compress().talk(1).close()
    TerminalChat().talk(8).compress("here 2").talk(2).close()
    chat = TerminalChat().talk(9).close()
    resumed = TerminalChat(resume=chat.id).talk(1).compress().talk(1).close()
    TerminalChat(resume=resumed.id).talk(5).compress().talk(1).close()
    preflight = TerminalChat().talk(8)
    for _ in range(2):
        preflight.say(scene.long_text(length=100_000))
    preflight.talk(2).close()
    TerminalChat().talk(8).say(scene.long_text("[tools:1] [usage:64000]")).talk(2).close()


def undo_after_compaction():
    TerminalChat().talk(9).compress().talk(2).undo(1).talk(1).close()
    TerminalChat().talk(9).compress().undo(2).talk(1).close()
    TerminalChat().talk(9).compress().talk(1).undo(50).talk(1).close()
    chat = TerminalChat().talk(9).compress().talk(1).undo(4).close()
    TerminalChat(resume=chat.id).talk(7).compress().talk(1).close()


def rotation():
    chat = TerminalChat().talk(9)
    parent = chat.id
    chat.program.agent.compression_in_place = False
    chat.command("/compress")
    rows = chat.program._session_db.get_messages(chat.id)
    scene.ledger.open(chat.id, continues=parent, messages=[to_message(row) for row in rows])
    scene.take_summaries()
    chat.talk(2).close()


def branches():
    TerminalChat().talk(2).branch().talk(1).close()
    TerminalChat().talk(3).say(scene.next_text("[tools:2]")).branch().talk(1).branch().talk(1).close()


def edits():
    """As the desktop program edits an earlier message: it keeps what came before it, under new ids."""
    for turns in (2, 4):
        chat = TerminalChat().talk(turns).close()
        db = SessionDB()
        kept = db.get_messages_as_conversation(chat.id)[: 2 * (turns - 1)]
        db.replace_messages(chat.id, kept)
        db.close()
        scene.ledger.take_back(chat.id, 1)
        TerminalChat(resume=chat.id).talk(1).close()


def removals():
    chats = [TerminalChat().talk(1).close() for _ in range(6)]
    db = SessionDB()
    for chat in chats[:2]:
        db.delete_session(chat.id)
        scene.ledger.delete(chat.id)
    for chat in chats[2:4]:
        age = time.time() - 100 * 86_400
        db._execute_write(
            lambda connection, id=chat.id: connection.execute(
                "UPDATE sessions SET started_at = ?, ended_at = ? WHERE id = ?", (age, age + 60, id)
            )
        )
    if db.prune_sessions(older_than_days=90) != 2:
        show("not pruned: two sessions")
    for chat in chats[2:4]:
        scene.ledger.delete(chat.id)
    db.vacuum()
    db.close()


if __name__ == "__main__":
    started = time.monotonic()
    main()
    show(f"cli: {len(scene.ledger.sessions)} sessions, {time.monotonic() - started:.0f} s")
    sys.exit(0)
