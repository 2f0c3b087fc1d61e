"""Chats over the gateway: its API server (chats, forks) and a chat platform (commands, groups, handoff)."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

from hermes_state import SessionDB
from provider import compose_answer
from scene import Scene, find_session, query, show, to_message

scene = Scene("api")


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Gateway:
    def __init__(self):
        self.api, self.chat = (f"http://127.0.0.1:{free_port()}" for _ in range(2))
        environment = {**os.environ, "API_SERVER_PORT": self.api.split(":")[-1], "CHAT_PORT": self.chat.split(":")[-1]}
        log = open(scene.folder / "gateway.log", "w", encoding="utf-8")
        command = [sys.executable, Path(__file__).parent / "gateway_process.py"]
        self.process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
        for _ in range(300):
            try:
                self.call("GET", f"{self.api}/health")
                self.call("POST", self.chat, {"chat": "nobody", "text": "/status"})
                return
            except (OSError, urllib.error.URLError):
                time.sleep(0.1)
        raise RuntimeError("The gateway did not start.")

    def call(self, method, url, body=None, headers=()):
        head = {"Authorization": f"Bearer {os.environ['API_SERVER_KEY']}", "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(url, data, {**head, **dict(headers)}, method=method)
        with urllib.request.urlopen(request, timeout=120) as response:
            return json.load(response), response.headers

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(30)


class ApiSession:
    """A session of the API server. Its messages are told by Hermes itself where it begins with those of another one."""

    def __init__(self, gateway, session_id=None):
        self.gateway = gateway
        self.id = session_id or gateway.call("POST", f"{gateway.api}/api/sessions", {})[0]["session"]["id"]
        if session_id is None:
            scene.ledger.open(self.id)

    def say(self, text):
        self.gateway.call("POST", f"{self.gateway.api}/api/sessions/{self.id}/chat", {"message": text})
        scene.note_turn(self.id, text)
        return self

    def talk(self, turns, markers=""):
        for _ in range(turns):
            self.say(scene.long_text(markers))
        return self

    def fork(self):
        url = f"{self.gateway.api}/api/sessions/{self.id}"
        child = self.gateway.call("POST", f"{url}/fork", {})[0]["session"]["id"]
        rows = self.gateway.call("GET", f"{self.gateway.api}/api/sessions/{child}/messages")[0]["data"]
        messages = [to_message(row) for row in rows if row["role"] in ("user", "assistant")]
        scene.ledger.open(child, forked_from=self.id, messages=messages)
        return ApiSession(self.gateway, child)

    def end(self, reason):
        db = SessionDB()
        db.end_session(self.id, reason)
        db.close()
        return self


class Chat:
    """A chat on the platform; each /new begins another session of it."""

    def __init__(self, gateway, name, **message):
        self.gateway = gateway
        self.message = {"chat": name, **message}
        self.id = None

    def send(self, text, **message):
        return self.gateway.call("POST", self.gateway.chat, {**self.message, **message, "text": text})[0]["reply"]

    def say(self, text, sender=None, **message):
        reply = self.send(text, **message)
        if self.id is None:
            self.id = find_session(text)
            scene.ledger.open(self.id)
        scene.note_turn(self.id, text if sender is None else f"[{sender}] {text}")
        if compose_answer(text) not in reply:
            show(f"unexpected reply to {text[:40]!r}: {reply[:200]!r}")
        return self

    def observe(self, text, sender):
        self.send(text, observed=True, user=sender, name=sender)
        scene.ledger.say(self.id, "USER", f"[{sender}] {text}")
        return self

    def talk(self, turns, markers=""):
        for _ in range(turns):
            self.say(scene.long_text(markers))
        return self

    def compress(self):
        reply = self.send("/compress")
        summaries = scene.take_summaries()
        scene.note_summaries(self.id, summaries)
        if len(summaries) != 1:
            show(f"{len(summaries)} summaries by /compress in {self.id}: {reply}")
        return self

    def undo(self, turns=1):
        self.send(f"/undo {turns}")
        scene.ledger.take_back(self.id, turns)
        return self

    def retry(self):
        """The gateway removes the old turn."""
        text = scene.ledger.messages(self.id)[-2]["text"]
        self.send("/retry")
        scene.ledger.take_back(self.id, 1)
        scene.note_turn(self.id, text)
        return self

    def branch(self):
        parent = self.id
        self.send("/branch")
        self.id = newest_child(parent)
        scene.ledger.open(self.id, forked_from=parent, messages=scene.ledger.messages(parent))
        return self

    def restart(self):
        self.send("/new")
        self.id = None
        return self


def newest_child(parent):
    return query("SELECT id FROM sessions WHERE parent_session_id = ? ORDER BY started_at DESC LIMIT 1", parent)[0][0]


def api_chats(gateway):
    ApiSession(gateway).talk(2).say(scene.next_text("[tools:2]")).say(scene.next_text("[reasoning]"))
    for size in range(1, 9):
        ApiSession(gateway).talk(size % 3 + 1)
    for _ in range(2):
        text = scene.next_text()
        body = {"model": "scripted", "messages": [{"role": "user", "content": text}]}
        headers = gateway.call("POST", f"{gateway.api}/v1/chat/completions", body)[1]
        scene.ledger.open(headers["X-Hermes-Session-Id"])
        scene.note_turn(headers["X-Hermes-Session-Id"], text)
        text = scene.next_text("[tools:1]")
        body["messages"][0]["content"] = text
        resumed = gateway.call(
            "POST", f"{gateway.api}/v1/chat/completions", body, {"X-Hermes-Session-Id": headers["X-Hermes-Session-Id"]}
        )[1]
        scene.note_turn(resumed["X-Hermes-Session-Id"], text)


def forks(gateway):
    """Of open sessions, of sessions that had ended for whatever reason, and of forks."""
    ApiSession(gateway).talk(2).fork().talk(1)
    ApiSession(gateway).talk(2).fork()
    for reason in ("cli_close", "compression", "session_reset"):
        parent = ApiSession(gateway).talk(2).end(reason)
        parent.fork().talk(1)
        parent.fork()
    ApiSession(gateway).talk(1).end("cli_close").fork().talk(1).end("cli_close").fork().talk(1)
    parent = ApiSession(gateway).say(scene.next_text("[tools:2]")).end("cli_close")
    parent.fork()
    parent.talk(2)


def compactions(gateway):
    chat = Chat(gateway, "compact").talk(9).compress().talk(8).compress().talk(1).undo(1).talk(1)
    ApiSession(gateway, chat.id).fork().talk(1)
    Chat(gateway, "compact-undo").talk(9).compress().undo(2).talk(2)
    for chat in (ApiSession(gateway), Chat(gateway, "heavy")):
        chat.talk(8)
        # The API server cuts longer messages off.
        for _ in range(3):
            chat.say(scene.long_text(length=60_000))
        chat.talk(2)
    parent = ApiSession(gateway).talk(9).end("cli_close")
    parent.fork().talk(1)
    compress_elsewhere(parent)
    parent.fork().talk(1)


def compress_elsewhere(session):
    """In a terminal, on the same home."""
    command = [sys.executable, Path(__file__).parent / "compress_session.py", session.id]
    subprocess.run(command, check=True, capture_output=True)
    scene.note_summaries(session.id, scene.take_summaries())


def platform_chats(gateway):
    Chat(gateway, "anna").talk(2).retry().talk(1).undo(2).talk(1).restart().talk(2).restart().talk(1)
    Chat(gateway, "bert").talk(2).branch().talk(1)
    Chat(gateway, "carla").say(scene.next_text("[tools:2]")).say(scene.next_text("[reasoning]")).retry()
    group = Chat(gateway, "club", type="group")
    for name in ("Anna", "Bert", "Anna"):
        group.say(scene.next_text(), sender=name, user=name, name=name)
    group.observe(scene.next_text(), "Carla").say(scene.next_text(), sender="Bert", user="Bert", name="Bert")


def handoff(gateway):
    """A chat of the terminal goes on in the platform's home chat, and is then continued there."""
    chat = Chat(gateway, "home", user="system:handoff").talk(1)
    text = scene.next_text()
    subprocess.run(["hermes", "-z", text], check=True, capture_output=True)
    session_id = find_session(text)
    scene.ledger.open(session_id)
    scene.note_turn(session_id, text)
    db = SessionDB()
    db.request_handoff(session_id, "telegram")
    for _ in range(300):
        state = db.get_handoff_state(session_id)
        if state["state"] not in ("pending", "running"):
            break
        time.sleep(0.1)
    db.close()
    if state["state"] != "completed":
        show(f"handoff: {state}")
    rows = query("SELECT content FROM messages WHERE session_id = ? AND content LIKE '[Session was just%'", session_id)
    scene.note_turn(session_id, rows[0][0])
    chat.id = session_id
    chat.talk(2)


def main():
    gateway = Gateway()
    try:
        api_chats(gateway)
        forks(gateway)
        platform_chats(gateway)
        compactions(gateway)
        handoff(gateway)
    finally:
        gateway.stop()


if __name__ == "__main__":
    started = time.monotonic()
    main()
    show(f"gateway: {len(scene.ledger.sessions)} sessions, {time.monotonic() - started:.0f} s")
