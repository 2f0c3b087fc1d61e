"""A scripted provider with OpenAI's chat completions API, on 127.0.0.1.

It answers `answer <tag>` to a message with a tag such as cli-12. A message can ask for more:
[tools:2] has two tools called first, [delegate] has another agent
asked the same, [reasoning] adds reasoning, [long:900] adds that many characters, [usage:60000] reports that many tokens of
input, [empty] and [silent] answer nothing and [SILENT], [slow:5] waits, [fail] is refused with status 400.
"""

import json
import re
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

TAG = re.compile(r"\b(?:cli|api|cron|random)-\d+\b")


def find_marker(text, name):
    """The number in a marker: 0 where the text has none, 1 for a marker without a number."""
    match = re.search(rf"\[{name}(?::(\d+))?\]", text)
    return 0 if match is None else int(match[1] or 1)


def fill(text, length):
    """Appends words that differ from those of other texts of the same length."""
    words = f" Words after {text.split(' [')[0]}."
    return text + (words * (length // len(words) + 1))[:length].rstrip()


def compose_answer(user_text):
    if find_marker(user_text, "empty"):
        return ""
    if find_marker(user_text, "silent"):
        return "[SILENT]"
    return fill(f"answer {(TAG.findall(user_text) or ['untagged-0'])[-1]}", find_marker(user_text, "long"))


def read_text(content):
    if isinstance(content, list):
        return "\n".join(part.get("text", "") for part in content if isinstance(part, dict))
    return content or ""


class Provider:
    """Started on construction. GET /v1/summaries lists the beginning of each summary that was asked for, in order."""

    def __init__(self):
        self.summaries = []
        self.lock = threading.Lock()
        provider = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def do_GET(self):
                if self.path == "/v1/summaries":
                    return self.send_json(200, provider.summaries)
                model = {"id": "scripted", "object": "model", "context_length": 65536}
                self.send_json(200, {"object": "list", "data": [model]})

            def do_POST(self):
                request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                if self.path != "/v1/chat/completions":
                    return self.send_json(404, {"error": {"message": "There is nothing else here."}})
                provider.answer(self, request)

            def send_json(self, status, body):
                data = json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def send_events(self, chunks):
                self.send_response(200)
                self.send_header("Content-Type", "text/event-stream")
                self.send_header("Connection", "close")
                self.end_headers()
                for chunk in chunks:
                    self.wfile.write(f"data: {json.dumps(chunk)}\n\n".encode())
                self.wfile.write(b"data: [DONE]\n\n")
                self.close_connection = True

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}/v1"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def answer(self, handler, request):
        texts = [(message["role"], read_text(message.get("content"))) for message in request["messages"]]
        if any("summarization agent" in text for _, text in texts):
            with self.lock:
                tags = TAG.findall(texts[-1][1])
                self.summaries.append(f"digest {len(self.summaries) + 1} up to {tags[-1] if tags else 'nothing'}.")
                message = {"content": f"## Goal\n{self.summaries[-1]}"}
            return self.send(handler, request, message, 900)
        user_text = next((text for role, text in reversed(texts) if role == "user"), "")
        if any("concise title" in text or "descriptive title" in text for _, text in texts):
            return self.send(handler, request, {"content": f"About {(TAG.findall(user_text) or ['nothing'])[0]}"}, 50)
        if find_marker(user_text, "fail"):
            return handler.send_json(400, {"error": {"message": "The script says no.", "type": "invalid_request_error"}})
        time.sleep(find_marker(user_text, "slow"))
        self.send(handler, request, compose_message(texts[-1][0], user_text), find_marker(user_text, "usage") or 1000)

    def send(self, handler, request, message, input_tokens):
        message = {"role": "assistant", **message}
        finish = "tool_calls" if message.get("tool_calls") else "stop"
        usage = {"prompt_tokens": input_tokens, "completion_tokens": 20, "total_tokens": input_tokens + 20}
        head = {"id": "chatcmpl-1", "created": int(time.time()), "model": "scripted"}
        if not request.get("stream"):
            choice = {"index": 0, "message": message, "finish_reason": finish}
            return handler.send_json(200, {**head, "object": "chat.completion", "choices": [choice], "usage": usage})
        head["object"] = "chat.completion.chunk"
        handler.send_events(
            [
                {**head, "choices": [{"index": 0, "delta": message, "finish_reason": None}]},
                {**head, "choices": [{"index": 0, "delta": {}, "finish_reason": finish}]},
                {**head, "choices": [], "usage": usage},
            ]
        )


def compose_message(last_role, user_text):
    tag = (TAG.findall(user_text) or ["untagged-0"])[-1]
    if last_role == "user":
        calls = [
            *(
                ("todo", {"todos": [{"id": "1", "content": f"Look at {tag}.{index}", "status": "completed"}]})
                for index in range(find_marker(user_text, "tools"))
            ),
            *(("delegate_task", {"goal": f"{tag} please"}) for _ in range(find_marker(user_text, "delegate"))),
        ]
        if calls:
            return {"content": f"looking into {tag}", "tool_calls": [to_call(tag, *call) for call in enumerate(calls)]}
    message = {"content": compose_answer(user_text)}
    if find_marker(user_text, "reasoning"):
        message["reasoning_content"] = f"thinking about {tag}"
    return message


def to_call(tag, index, call):
    function = {"name": call[0], "arguments": json.dumps(call[1])}
    return {"index": index, "id": f"call_{tag}_{index}", "type": "function", "function": function}
