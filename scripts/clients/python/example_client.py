"""Runs the example for gql (examples/python/chat.py) as a person does, and reports what its commands print."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

from gql import Client, GraphQLRequest, gql
from gql.transport.aiohttp import AIOHTTPTransport

from answer import URL, Answer, report

STATE = Path("example-state")
ENVIRONMENT = {**os.environ, "SEGUE_CHAT_STATE": str(STATE)}
READ = gql("query ($id: ID!) { stream(id: $id) { message { text } } conversations { edges { node { id title } } } }")
UPDATE = gql("mutation ($id: ID!, $input: UpdateConversationInput!) { updateConversation(id: $id, input: $input) { title } }")


def start(*arguments: str) -> subprocess.Popen:
    command = [sys.executable, "example/chat.py", *arguments]
    return subprocess.Popen(command, env=ENVIRONMENT, stdout=subprocess.PIPE, text=True)


def run(*arguments: str) -> str:
    return start(*arguments).communicate()[0]


def interrupt(process: subprocess.Popen) -> str:
    """Presses Ctrl-C, and returns what was printed since the last read."""
    process.send_signal(signal.SIGINT)
    return process.communicate()[0]


def read_titles() -> list[str]:
    """What the command `list` prints, up to the conversation that must be there."""
    listing, titles = start("list"), []
    while "Garden" not in titles:
        titles.append(listing.stdout.readline().strip().split("  ", 1)[1])
    interrupt(listing)
    return titles


def to_answer(received: str, saved: str) -> Answer:
    answer = Answer()
    answer.apply_delta(0, received)
    answer.saved = saved
    return answer


async def main() -> None:
    titles = read_titles()
    received = run("send", "Hello").strip()
    stream_id = json.loads(STATE.read_text())["streamId"]
    async with Client(transport=AIOHTTPTransport(url=URL)) as http:
        data = await http.execute(GraphQLRequest(READ, variable_values={"id": stream_id}))
        nodes = [edge["node"] for edge in data["conversations"]["edges"]]
        garden = next(node["id"] for node in nodes if node["title"] == "Garden")
        variables = {"id": garden, "input": {"pinned": True, "title": None}}
        updated = await http.execute(GraphQLRequest(UPDATE, variable_values=variables))
    whole = to_answer(received, data["stream"]["message"]["text"])

    # Ctrl-C in the middle, then what is missing up to the stop.
    sending = start("send", "Who are you? Tell me all about yourself.")
    first = sending.stdout.read(1)
    first += interrupt(sending)
    outcome, saved = run("stop").rstrip("\n").split(": ", 1)
    partial = to_answer(first.rstrip("\n") + run("resume").rstrip("\n"), saved)
    report(titles, whole, outcome, partial, updated["updateConversation"]["title"])


asyncio.run(main())
