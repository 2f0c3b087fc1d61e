"""The queries of compare_home.py and follow_home.py."""

import json
import urllib.request

MESSAGE = "id role text toolCalls { state }"
SESSION = """id source title endReason startedAt endedAt messageCount segmentCount parent { id } lineageRoot { id }
  forkedFrom { text session { id } }"""
RUN = "id status startedAt finishedAt error output session { id }"


class SegueApi:
    def __init__(self, url):
        self.url = url
        fields = self.ask('{ __type(name: "Message") { fields { name } } }')["__type"]["fields"]
        self.message = f"{MESSAGE} kind" if any(field["name"] == "kind" for field in fields) else MESSAGE

    def ask(self, document, **variables):
        body = json.dumps({"query": document, "variables": variables}).encode()
        request = urllib.request.Request(self.url, body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=60) as response:
            result = json.load(response)
        if result.get("errors"):
            raise RuntimeError(json.dumps(result["errors"])[:2000])
        return result["data"]

    def pages(self, read, backwards=False):
        nodes = []
        cursor = None
        while True:
            page = read(cursor)
            found = [edge["node"] for edge in page["edges"]]
            nodes = [*found, *nodes] if backwards else [*nodes, *found]
            if not page["pageInfo"]["hasPreviousPage" if backwards else "hasNextPage"]:
                return nodes
            cursor = page["pageInfo"]["startCursor" if backwards else "endCursor"]

    def connection(self, selection):
        return f"{{ edges {{ node {{ {selection} }} }} pageInfo {{ hasNextPage hasPreviousPage startCursor endCursor }} }}"

    def sessions(self):
        document = f"query ($after: String) {{ page: sessions(first: 50, after: $after) {self.connection(SESSION)} }}"
        return self.pages(lambda after: self.ask(document, after=after)["page"])

    def session(self, session_id):
        return self.ask("query ($id: ID!) { session(id: $id) { id } }", id=session_id)["session"]

    def messages(self, session_id, field="messages", backwards=False, size=9):
        arguments = f"last: {size}, before: $cursor" if backwards else f"first: {size}, after: $cursor"
        document = f"""query ($id: ID!, $cursor: String) {{
          session(id: $id) {{ page: {field}({arguments}) {self.connection(self.message)} }} }}"""

        def read(cursor):
            session = self.ask(document, id=session_id, cursor=cursor)["session"]
            return session["page"] if session else {"edges": [], "pageInfo": {"hasPreviousPage": False, "hasNextPage": False}}

        return self.pages(read, backwards)

    def message_text(self, message_id):
        found = self.ask("query ($id: ID!) { node(id: $id) { ... on Message { text } } }", id=message_id)["node"]
        return found and found["text"]

    def search(self, session_id, words):
        """The texts of the messages of a session that contain the words."""
        document = f"""query ($words: String!, $id: ID!, $after: String) {{
          page: search(query: $words, first: 100, after: $after, filter: {{ ids: [$id] }}) {self.connection("message { text }")} }}"""
        hits = self.pages(lambda after: self.ask(document, words=words, id=session_id, after=after)["page"])
        return [hit["message"]["text"].strip() for hit in hits if hit["message"]]

    def node_id(self, node_id):
        found = self.ask("query ($id: ID!) { node(id: $id) { id } }", id=node_id)["node"]
        return found and found["id"]

    def conversations(self, fields="root { id } segmentCount", channels=None):
        arguments = "first: 50, after: $after" + (f", filter: {{ channels: [{channels}] }}" if channels else "")
        document = f"query ($after: String) {{ page: conversations({arguments}) {self.connection(fields)} }}"
        return self.pages(lambda after: self.ask(document, after=after)["page"])

    def jobs(self):
        return self.ask("{ jobs { id name prompt enabled state lastRun { id } } }")["jobs"]

    def runs(self, job_id):
        document = f"""query ($id: ID!, $after: String) {{
          node(id: $id) {{ ... on Job {{ page: runs(first: 20, after: $after) {self.connection(RUN)} }} }} }}"""
        return self.pages(lambda after: self.ask(document, id=job_id, after=after)["node"]["page"])
