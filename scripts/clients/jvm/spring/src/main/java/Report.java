import java.util.List;
import tools.jackson.databind.json.JsonMapper;

/** What a program prints, see README.md. */
record Report(List<String> titles, List<String> whole, String outcome, List<String> partial, String title) {
  static void print(List<String> titles, Answer whole, Answer partial, String title) {
    var report = new Report(titles, texts(whole), partial.outcome, texts(partial), title);
    System.out.println(JsonMapper.shared().writeValueAsString(report));
  }

  private static List<String> texts(Answer answer) {
    return List.of(answer.received, answer.saved);
  }
}
