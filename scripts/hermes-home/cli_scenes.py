"""Chats in a terminal: hermes -z, the interactive program's own class, its commands, and what its store does to sessions."""

import subprocess
import sys
import time

from hermes_state import SessionDB
from scene import Scene, find_session, show, to_message
from terminal_chat import TerminalChat

scene = Scene("cli")


def start(resume=None):
    return TerminalChat(scene, resume)


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
    for _ in range(2):
        text = scene.next_text()
        subprocess.run(["hermes", "-z", text], capture_output=True, check=True)
        session_id = find_session(text)
        scene.ledger.open(session_id)
        scene.note_turn(session_id, text)


def plain_chats():
    for turns in (1, 2, 3):
        start().talk(turns).close()
    chat = start().say(scene.next_text("[reasoning]")).say(scene.next_text("[tools:2]")).close()
    start(resume=chat.id).say(scene.next_text()).say(scene.next_text("[tools:1] [reasoning]")).close()
    start().talk(2).retry().close()
    start().talk(3).undo(2).talk(1).close()
    start().say(scene.next_text("[delegate]")).say(scene.next_text("[tools:1] [delegate]")).close()
    chat = start().talk(1)
    for _ in range(3):
        chat.command("/new")
        chat.talk(1)
    chat.close()


def compactions():
    start().talk(9).compress().talk(2).close()
    start().talk(9, "[tools:1]").compress().talk(6).compress().talk(6).compress().talk(1).close()
    start().talk(8).compress("here 2").talk(2).close()
    chat = start().talk(9).close()
    resumed = start(resume=chat.id).talk(1).compress().talk(1).close()
    start(resume=resumed.id).talk(5).compress().talk(1).close()
    preflight = start().talk(8)
    for _ in range(2):
        preflight.say(scene.long_text(length=100_000))
    preflight.talk(2).close()
    start().talk(8).say(scene.long_text("[tools:1] [usage:64000]")).talk(2).close()


def undo_after_compaction():
    start().talk(9).compress().talk(2).undo(1).talk(1).close()
    start().talk(9).compress().undo(2).talk(1).close()
    start().talk(9).compress().talk(1).undo(50).talk(1).close()
    chat = start().talk(9).compress().talk(1).undo(4).close()
    start(resume=chat.id).talk(7).compress().talk(1).close()


def rotation():
    chat = start().talk(9)
    parent = chat.id
    chat.program.agent.compression_in_place = False
    chat.command("/compress")
    rows = chat.program._session_db.get_messages(chat.id)
    scene.ledger.open(chat.id, continues=parent, messages=[to_message(row) for row in rows])
    scene.take_summaries()
    chat.talk(2).close()


def branches():
    start().talk(2).branch().talk(1).close()
    start().talk(3).say(scene.next_text("[tools:2]")).branch().talk(1).branch().talk(1).close()


def edits():
    """As the desktop program edits an earlier message: it keeps what came before it, under new ids."""
    for turns in (2, 4):
        chat = start().talk(turns).close()
        db = SessionDB()
        kept = db.get_messages_as_conversation(chat.id)[: 2 * (turns - 1)]
        db.replace_messages(chat.id, kept)
        db.close()
        scene.ledger.take_back(chat.id, 1)
        start(resume=chat.id).talk(1).close()


def removals():
    chats = [start().talk(1).close() for _ in range(6)]
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
