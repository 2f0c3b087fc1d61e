"""Compares what a running server shows of a home with what write_home.py saw, and prints each difference.

python compare_home.py FOLDER URL, with the server started as `npm start -- --hermes-home FOLDER/home`.
"""

import json
import re
import sqlite3
import sys
from collections import Counter
from datetime import datetime, timezone
from pathlib import Path

from segue_api import SegueApi

differences = []
compared = Counter()


def expect(kind, name, shown, expected):
    compared[kind] += 1
    if shown != expected:
        differences.append(f"{kind} {name}\n  shown:    {shown}\n  expected: {expected}")


def expect_time(name, shown, expected):
    """`expected` in seconds, or as text. A millisecond either way is a matter of rounding."""
    seconds = datetime.fromisoformat(expected).timestamp() if isinstance(expected, str) else expected
    is_near = shown is not None and abs(datetime.fromisoformat(shown).timestamp() - seconds) <= 0.001
    expect("time", name, shown if not is_near else expected, expected)


def read_ledgers(folder):
    known = {"sessions": {}, "deleted": [], "runs": {}, "taken_back": [], "said_again": []}
    for path in sorted(folder.glob("*.json")):
        for key, value in json.loads(path.read_text(encoding="utf-8")).items():
            known[key].update(value) if isinstance(value, dict) else known[key].extend(value)
    return known


def read_rows(path, sql, *parameters):
    database = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=5)
    database.row_factory = sqlite3.Row
    try:
        return [dict(row) for row in database.execute(sql, parameters)]
    finally:
        database.close()


def brief(message):
    return f"{message['role']} {message['text'][:60]!r}"


def compare_messages(name, shown, expected):
    """`shown` as the API returns messages, `expected` as the ledger has them."""
    compared["message"] += len(expected)
    wanted = list(expected)
    for index, message in enumerate(shown):
        # Hermes stores a message before or after the summary that it makes before the answer: no person can tell.
        pair = wanted[index : index + 2]
        if [message["role"] for message in pair] == ["SUMMARY", "USER"] and is_same(message, pair[1]):
            wanted[index : index + 2] = reversed(pair)
        if index >= len(wanted) or not is_same(message, wanted[index]):
            instead = brief(wanted[index]) if index < len(wanted) else "nothing"
            differences.append(f"message {index + 1} of {len(wanted)} of {name}\n  shown:    {brief(message)}\n  expected: {instead}")
            return
    if len(shown) < len(wanted):
        differences.append(f"messages of {name}: missing from {brief(wanted[len(shown)])} on")


def is_same(shown, expected):
    if expected["kind"] == "SUMMARY":
        digests = re.findall(r"digest \d+ up to [a-z]+-\d+\.", shown["text"])
        return shown.get("kind", "SUMMARY") == "SUMMARY" and digests[-1:] == [expected["text"]]
    return (
        shown["role"] == expected["role"]
        and shown.get("kind", "CHAT") == "CHAT"
        and shown["text"].strip() == expected["text"].strip()
        and len(shown["toolCalls"]) == expected["tools"]
        and all(call["state"] == "SUCCEEDED" for call in shown["toolCalls"])
    )


def compare_sessions(api, home, known):
    rows = {row["id"]: row for row in read_rows(home / "state.db", "SELECT * FROM sessions")}
    shown = {session["id"]: session for session in api.sessions()}
    expect("list of sessions", "", sorted(shown), sorted(rows))
    for deleted in known["deleted"]:
        expect("deleted session", deleted, api.session(deleted), None)
    for session_id, row in rows.items():
        session = shown.get(session_id)
        if session is None:
            continue
        for field in ("source", "title"):
            expect("session", f"{session_id} {field}", session[field], row[field])
        expect("session", f"{session_id} endReason", session["endReason"], row["end_reason"])
        expect_time(f"{session_id} startedAt", session["startedAt"], row["started_at"])
        compare_session(api, home, session, known["sessions"].get(session_id))
    compare_lineage(api, shown, {id: known["sessions"].get(id, {}) for id in rows})


def compare_session(api, home, session, expected):
    messages = api.messages(session["id"])
    if expected is None:
        roles = {"user": "USER", "assistant": "ASSISTANT"}
        rows = read_rows(home / "state.db", "SELECT * FROM messages WHERE session_id = ? AND active ORDER BY id", session["id"])
        expected = {
            "messages": [
                {
                    "role": roles[row["role"]],
                    "kind": "CHAT",
                    "text": row["content"] or "",
                    "tools": len(json.loads(row["tool_calls"] or "[]")),
                }
                for row in rows
                if row["role"] in roles
            ]
        }
    compare_messages(session["id"], messages, expected["messages"])
    ids = [message["id"] for message in messages]
    expect("ids", session["id"], len(set(ids)), len(ids))
    expect("pages from the end", session["id"], [message["id"] for message in api.messages(session["id"], backwards=True)], ids)
    expect("messages by id", session["id"], [api.message_text(id) for id in ids[-3:]], [message["text"] for message in messages[-3:]])


def find_tag(text):
    return re.search(r"[a-z]+-\d+ please|handed off", text)[0]


def compare_search(api, known):
    """What a person said last in a session is found, and what was taken back is not (unless it was said again)."""
    said = {(id, message["text"]) for id, session in known["sessions"].items() for message in session["messages"]}
    for session_id, session in known["sessions"].items():
        asked = [message["text"] for message in session["messages"] if message["role"] == "USER"]
        if asked:
            expect("found", f"{session_id} {asked[-1][:30]}", asked[-1].strip() in api.search(session_id, find_tag(asked[-1])), True)
    for session_id, text in known["taken_back"]:
        if session_id in known["sessions"] and (session_id, text) not in said:
            expect("not found", f"{session_id} {text[:30]}", text.strip() in api.search(session_id, find_tag(text)), False)


def compare_lineage(api, shown, known):
    def chain(session_id):
        parent = known[session_id].get("continues")
        return [session_id] if parent is None else [*chain(parent), session_id]

    for session_id, session in shown.items():
        expected = chain(session_id)
        parent = session["parent"] and session["parent"]["id"]
        expect("parent", session_id, parent, expected[-2] if len(expected) > 1 else None)
        expect("lineageRoot", session_id, session["lineageRoot"]["id"], expected[0])
        expect("segmentCount", session_id, session["segmentCount"], len(expected))
        fork = known[session_id].get("forkedFrom")
        source = session["forkedFrom"] and {
            "session": session["forkedFrom"]["session"]["id"],
            "text": session["forkedFrom"]["text"].strip(),
        }
        expect("forkedFrom", session_id, source, fork)
    # Conversations without messages are not listed, and those of scheduled runs and of other agents only when asked for.
    hidden = ("cron", "tool", "subagent")
    is_listed = {id: session["source"] not in hidden and session["messageCount"] > 0 for id, session in shown.items()}
    roots = Counter(chain(id)[0] for id in shown if is_listed[id])
    conversations = {conversation["root"]["id"]: conversation for conversation in api.conversations()}
    expect("conversations", "", sorted(conversations), sorted(roots))
    for root, count in roots.items():
        expect("segments", root, conversations.get(root, {}).get("segmentCount"), count)


def compare_jobs(api, home, known):
    executions = read_rows(home / "cron" / "executions.db", "SELECT * FROM executions ORDER BY claimed_at DESC, id DESC")
    file = home / "cron" / "jobs.json"
    present = {job["id"] for job in json.loads(file.read_text(encoding="utf-8"))["jobs"]} if file.exists() else set()
    jobs = {job["id"]: job for job in api.jobs()}
    expect("jobs", "", sorted(jobs), sorted(present | {row["job_id"] for row in executions}))
    for job_id, job in jobs.items():
        rows = [row for row in executions if row["job_id"] == job_id]
        expected = list(reversed(known["runs"].get(job_id, [])))
        runs = api.runs(job_id)
        if job_id not in present:
            expect("removed job", job_id, [job["name"], job["prompt"], job["enabled"], job["state"]], [job_id, "", False, "COMPLETED"])
        expect("runs", job_id, [run["status"] for run in runs], [run["status"] for run in expected])
        expect("last run", job_id, job["lastRun"] and job["lastRun"]["id"], runs[0]["id"] if runs else None)
        for run, row, outcome in zip(runs, rows or [None] * len(runs), expected):
            compare_run(api, f"{job_id} {run['id']}", run, row, outcome)


def compare_run(api, name, run, row, outcome):
    """`row`: of the executions; None for runs that were made before there were any."""
    if row is not None:
        expect("run", f"{name} id", run["id"], f"{row['job_id']}:{row['id']}")
        expect_time(f"{name} startedAt", run["startedAt"], row["started_at"] or row["claimed_at"])
        if row["status"] in ("completed", "failed"):
            expect_time(f"{name} finishedAt", run["finishedAt"], row["finished_at"])
    expect("run", f"{name} error", outcome["error"] in (run["error"] or "") if outcome["error"] else run["error"], bool(outcome["error"]) or None)
    expect("run", f"{name} output", (run["output"] or "").strip(), outcome["output"] or "")
    expect("run", f"{name} session", run["session"] is not None, outcome["session"])
    expect("run", f"{name} by id", api.node_id(run["id"]), run["id"])


def main():
    folder = Path(sys.argv[1])
    api = SegueApi(sys.argv[2])
    known = read_ledgers(folder)
    compare_sessions(api, folder / "home", known)
    compare_search(api, known)
    if (folder / "home" / "cron" / "executions.db").exists():
        compare_jobs(api, folder / "home", known)
    for difference in differences:
        print(difference)
    print(", ".join(f"{count} × {kind}" for kind, count in compared.most_common()))
    print(f"{len(differences)} differences, {datetime.now(timezone.utc):%H:%M} UTC")
    sys.exit(1 if differences else 0)


if __name__ == "__main__":
    main()
