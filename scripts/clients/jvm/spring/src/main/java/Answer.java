/** An answer: what was received of it, and what the server saved. */
class Answer {
  String received = "";
  String saved = "";
  /** Of a cancellation. Empty if there was none. */
  String outcome = "";

  /** Replaces the text from an offset on, in UTF-16 code units, as Java counts. What is behind the new text stays. */
  void applyDelta(int offset, String text) {
    int end = Math.min(offset + text.length(), received.length());
    received = received.substring(0, offset) + text + received.substring(end);
  }
}
