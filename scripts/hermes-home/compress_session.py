"""Compresses one session as a terminal on the same home does: hermes --resume, /compress.

A resume of a session that was forked goes to the fork; here it stays with the session.
"""

import sys

import cli as hermes_cli
from hermes_state import SessionDB

SessionDB.resolve_resume_session_id = lambda self, session_id: session_id
program = hermes_cli.HermesCLI(toolsets=["todo"], compact=True, resume=sys.argv[1])
program._ensure_runtime_credentials()
program._init_agent()
program.process_command("/compress")
