/** A flat JSON object a line, at once on standard output: also what a process printed that is then killed. */
final class Lines {
  private Lines() {}

  /** Values are text without quotes, backslashes or control characters, which is all that the tests write. */
  static synchronized void print(String event, String... members) {
    StringBuilder line = new StringBuilder("{\"event\":\"").append(event).append('"');
    for (int i = 0; i < members.length; i += 2) {
      line.append(",\"").append(members[i]).append("\":\"").append(members[i + 1]).append('"');
    }
    System.out.println(line.append('}'));
    System.out.flush();
  }
}
