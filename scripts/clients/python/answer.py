"""What the programs with gql and with ariadne-codegen have in common."""

import json
import os

URL = os.environ["SEGUE_URL"]
SOCKET_URL = URL.replace("http", "ws", 1)


class Answer:
    """An answer: the id of its stream, what was received of it, and what the server saved."""

    def __init__(self) -> None:
        self.stream_id = ""
        self.saved = ""
        self._units: bytes = b""

    def apply_delta(self, offset: int, text: str) -> None:
        """Replaces the text from `offset` on, which is in UTF-16 code units. What is behind the new text stays."""
        delta = text.encode("utf-16-le", "surrogatepass")
        start = 2 * offset
        self._units = self._units[:start] + delta + self._units[start + len(delta) :]

    @property
    def texts(self) -> tuple[str, str]:
        return self._units.decode("utf-16-le"), self.saved


def report(titles: list[str], whole: Answer, outcome: str, partial: Answer, title: str | None) -> None:
    """Prints what README.md describes."""
    values = {"titles": titles, "whole": whole.texts, "outcome": outcome, "partial": partial.texts, "title": title}
    print(json.dumps(values))
