"""What a person saw of each session and job, as the driver that caused it knows: what a reader of the home has to show."""

import json
import os
import threading


class Ledger:
    """Written to a file after each change, so that it is of use while the driver is at work."""

    def __init__(self, path):
        self.path = path
        self.lock = threading.RLock()
        self.sessions = {}
        self.deleted = []
        self.runs = {}
        self.taken_back = []
        self.said_again = []

    def open(self, session_id, continues=None, forked_from=None, messages=()):
        """`forked_from`: the session that its messages are copies of; the newest of them is where it was forked."""
        with self.lock:
            fork = messages[-1]["text"] if forked_from else None
            self.sessions[session_id] = {
                "continues": continues,
                "forkedFrom": forked_from and {"session": forked_from, "text": fork},
                "messages": [dict(message) for message in messages],
            }
            self.save()

    def say(self, session_id, role, text, kind="CHAT", tools=0):
        with self.lock:
            message = {"role": role, "kind": kind, "text": text, "tools": tools}
            if message in self.messages(session_id):
                self.said_again.append([session_id, text])
            self.sessions[session_id]["messages"].append(message)
            self.save()

    def messages(self, session_id):
        return self.sessions[session_id]["messages"]

    def take_back(self, session_id, turns):
        """The newest messages of the user, and what was answered. A summary stays, if it stands before them for the model."""
        with self.lock:
            messages = self.messages(session_id)
            asked = [index for index, message in enumerate(messages) if message["role"] == "USER"]
            start = asked[-turns] if turns <= len(asked) else 0
            undone = messages[start:]
            messages[start:] = [message for message in undone if message["kind"] == "SUMMARY" and start > 0]
            self.taken_back += [[session_id, message["text"]] for message in undone if message["role"] == "USER"]
            self.save()

    def delete(self, session_id):
        with self.lock:
            del self.sessions[session_id]
            self.deleted.append(session_id)
            for session in self.sessions.values():
                if session["continues"] == session_id:
                    session["continues"] = None
                if session["forkedFrom"] and session["forkedFrom"]["session"] == session_id:
                    session["forkedFrom"] = None
            self.save()

    def run(self, job_id, status, output=None, error=None, with_session=False):
        with self.lock:
            run = {"status": status, "output": output, "error": error, "session": with_session}
            self.runs.setdefault(job_id, []).append(run)
            self.save()

    def save(self):
        with self.lock, open(f"{self.path}.new", "w", encoding="utf-8") as file:
            json.dump({key: getattr(self, key) for key in ("sessions", "deleted", "runs", "taken_back", "said_again")}, file, indent=1)
        os.replace(f"{self.path}.new", self.path)
