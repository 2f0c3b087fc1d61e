"""A chat with the interactive program of hermes-agent."""

import contextlib
import io
import re

from scene import show

with contextlib.redirect_stdout(io.StringIO()):
    import cli as hermes_cli


class TerminalChat:
    """One start of the interactive program, without its screen."""

    def __init__(self, scene, resume=None):
        self.scene = scene
        self.output = io.StringIO()
        with contextlib.redirect_stdout(self.output):
            self.program = hermes_cli.HermesCLI(toolsets=["todo", "delegation"], compact=True, resume=resume)
        self.program._confirm_destructive_slash = lambda *_, **__: "yes"

    @property
    def id(self):
        return self.program.session_id

    def say(self, text):
        if self.id not in self.scene.ledger.sessions:
            self.scene.ledger.open(self.id)
        with contextlib.redirect_stdout(self.output):
            answer = self.program.chat(text)
        self.scene.note_turn(self.id, text, is_compacted_within="[usage:" in text)
        if not answer or answer.strip() != self.scene.ledger.messages(self.id)[-1]["text"]:
            show(f"unexpected answer to {text[:40]!r}: {str(answer)[:200]!r}")
        return self

    def talk(self, turns, markers=""):
        for _ in range(turns):
            self.say(self.scene.long_text(markers))
        return self

    def command(self, text):
        with contextlib.redirect_stdout(self.output):
            self.program.process_command(text)
        return self

    def compress(self, arguments=""):
        self.command(f"/compress {arguments}")
        summaries = self.scene.take_summaries()
        self.scene.note_summaries(self.id, summaries)
        if len(summaries) != 1:
            show(f"{len(summaries)} summaries by /compress {arguments} in {self.id}: {self.output.getvalue()[-600:]}")
        return self

    def undo(self, turns=1):
        """Takes back as many turns as the program says: after a retry it knows fewer. Everything with 50 turns."""
        before = len(self.output.getvalue())
        self.command(f"/undo {turns}")
        undone = re.search(r"Undid (\d+) turn", self.output.getvalue()[before:])
        if undone:
            self.scene.ledger.take_back(self.id, turns if turns == 50 else int(undone[1]))
        return self

    def retry(self):
        self.command("/retry")
        return self.say(self.program._pending_input.get_nowait())

    def branch(self):
        parent = self.id
        self.command("/branch")
        self.scene.ledger.open(self.id, forked_from=parent, messages=self.scene.ledger.messages(parent))
        return self

    def close(self):
        self.program._session_db.end_session(self.program.agent.session_id, "cli_close")
        self.program._session_db.close()
        return self
